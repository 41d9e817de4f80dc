package postgres

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// binVariable names the directory of the programs when they are somewhere else.
const binVariable = "COUNTERSIGN_PG_BIN"

// places are where packages put the programs. The newest version wins within one place.
var places = []string{
	"/usr/lib/postgresql/*/bin",            // Debian, Ubuntu
	"/usr/pgsql-*/bin",                     // RHEL, from postgresql.org
	"/opt/homebrew/opt/postgresql@*/bin",   // Homebrew
	"/usr/local/opt/postgresql@*/bin",      // Homebrew on Intel
	"/Applications/Postgres.app/*/*/*/bin", // Postgres.app
	"/usr/libexec/postgresql*",             // Alpine
	"/usr/local/pgsql/bin",                 // from source
}

// programs are the paths of the two that we run.
type programs struct{ initdb, postgres string }

// findPrograms looks where the variable says, and only there if it is set; then in the usual places and the PATH.
func findPrograms() (programs, error) {
	if dir := os.Getenv(binVariable); dir != "" {
		if found, ok := programsIn(dir); ok {
			return found, nil
		}
		return programs{}, &MissingError{Looked: []string{dir}}
	}
	for _, place := range places {
		dirs, err := filepath.Glob(place)
		if err != nil {
			return programs{}, err
		}
		slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(versionIn(b), versionIn(a)) })
		for _, dir := range dirs {
			if found, ok := programsIn(dir); ok {
				return found, nil
			}
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		// The PATH may hold a link; postgres lies beside the real file.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			if found, ok := programsIn(filepath.Dir(real)); ok {
				return found, nil
			}
		}
	}
	return programs{}, &MissingError{Looked: append(slices.Clone(places), "PATH")}
}

func programsIn(dir string) (programs, bool) {
	found := programs{initdb: filepath.Join(dir, "initdb"), postgres: filepath.Join(dir, "postgres")}
	for _, path := range []string{found.initdb, found.postgres} {
		info, err := os.Stat(path)
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return programs{}, false
		}
	}
	return found, true
}

var firstNumber = regexp.MustCompile(`\d+(\.\d+)?`)

// versionIn reads 15 out of /usr/lib/postgresql/15/bin, and 0 where there is no number.
func versionIn(dir string) float64 {
	version, _ := strconv.ParseFloat(firstNumber.FindString(dir), 64)
	return version
}
