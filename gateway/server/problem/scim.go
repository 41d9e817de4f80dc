package problem

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// SCIMBase is where a directory provisions; it is answered in SCIM's own shape,
// whoever refuses the request: the gate, the body's limit or the handler.
const SCIMBase = "/scim/v2"

// SCIMType is its media type.
const SCIMType = "application/scim+json"

// scimTypes are the words of RFC 7644, 3.12, for our codes.
var scimTypes = map[string]string{
	"scim.bad_filter": "invalidFilter", "scim.filter_too_big": "invalidFilter", "scim.bad_path": "invalidPath",
	"scim.bad_value": "invalidValue", "scim.missing": "invalidValue", "scim.unknown_member": "invalidValue",
	"scim.no_department": "invalidValue", "scim.bad_syntax": "invalidSyntax", "scim.no_target": "noTarget",
	"scim.read_only": "mutability", "scim.too_many": "tooMany", "scim.uniqueness": "uniqueness",
}

// writeSCIM answers with an error as SCIM has it: the status is a text.
func writeSCIM(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", SCIMType)
	w.Header().Set("Cache-Control", "no-store")
	Advise(w.Header(), p)
	if p.Code == "scim.stopped" {
		w.Header().Set("Retry-After", "3600") // until somebody has looked
	}
	body := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
		"status":  strconv.Itoa(p.Status), "detail": p.Detail,
	}
	if word := scimTypes[p.Code]; word != "" {
		body["scimType"] = word
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(body) // the status is out; nothing is left to say
}

func forSCIM(r *http.Request) bool {
	return r.URL.Path == SCIMBase || strings.HasPrefix(r.URL.Path, SCIMBase+"/")
}
