package passkey_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
)

func TestALostPasskeyIsTakenWithAReasonAndByAnother(t *testing.T) {
	for name, tt := range map[string]struct {
		reason string
		own    bool
		code   string
	}{
		"lost":         {"the laptop was stolen", false, ""},
		"their own":    {"the laptop was stolen", true, "passkey.own"},
		"no reason":    {" \n", false, "passkey.bad_reason"},
		"no text":      {"\xff", false, "passkey.bad_reason"},
		"a whole book": {strings.Repeat("字", passkey.RemovalReasonMax+1), false, "passkey.bad_reason"},
		"just enough":  {strings.Repeat("字", passkey.RemovalReasonMax), false, ""},
	} {
		err := passkey.Removal{Key: "k", Person: "li", By: "ada", Reason: tt.reason}.Check(tt.own)
		require.Equal(t, tt.code, fault.CodeOf(err), name)
	}
}
