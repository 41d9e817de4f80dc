package nemesis

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// atOnce is how many tests run beside each other, unless -parallel says so: nearly all
// of their time they wait, for what was killed to come back.
const atOnce = 4

func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
			panic("nemesis: go test has no -parallel any more: " + err.Error())
		}
	}
	os.Exit(m.Run())
}
