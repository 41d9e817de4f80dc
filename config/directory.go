package config

import (
	"strconv"
	"strings"
	"time"
)

// Directory is the companies' directories that we ask ourselves.
type Directory struct {
	Sources []DirectorySource `mapstructure:"sources"`
}

// DirectorySource is one of them. Departments, groups, subject and when too many leave
// are those of scim.
type DirectorySource struct {
	ID      string        `mapstructure:"id"`
	Title   string        `mapstructure:"title"` // for people; "" = the id
	Kind    string        `mapstructure:"kind"`  // table or scim
	Path    string        `mapstructure:"path"`  // of a table: a file that the worker can read
	URL     string        `mapstructure:"url"`   // of a table, or the base of a SCIM service: https
	Token   Secret        `mapstructure:"token"`
	SHA256  string        `mapstructure:"sha256"`          // of a table that must be exactly this one
	Filter  string        `mapstructure:"filter"`          // of SCIM users, such as: active eq true
	Groups  bool          `mapstructure:"groups"`          // list SCIM groups too
	Private bool          `mapstructure:"private_network"` // the address may lie in a private network, or be plain http
	Cron    string        `mapstructure:"cron"`            // in locale.zone; "" = every
	Every   time.Duration `mapstructure:"every"`           // with neither: on demand only
	Percent int           `mapstructure:"stop_percent"`    // 0 = scim.stop.percent
	Timeout time.Duration `mapstructure:"timeout"`         // of one answer; 0 = 30 s
	TLS     TLS           `mapstructure:"tls"`
}

func (d Directory) check(k *check, c Config) {
	var ids []string
	k.want(len(d.Sources) == 0 || c.SCIM.DatabaseURL.IsSet() || c.Mode == Dev, "scim.database_url", "is empty",
		"set the address of the role countersign_directory, which `countersign migrate roles` printed: it writes people")
	for i, s := range d.Sources {
		at := "directory.sources[" + strconv.Itoa(i) + "]."
		ids = append(ids, s.ID)
		k.oneOf(at+"kind", s.Kind, "table", "scim")
		k.want((s.Path == "") != (s.URL == ""), at+"url", "and path are both empty or both set", "set one of them")
		k.want(s.Kind != "scim" || s.Path == "", at+"path", "is of tables only", "set url")
		if s.URL != "" && s.Private {
			k.url(at+"url", s.URL, "https", "http")
		} else if s.URL != "" {
			k.url(at+"url", s.URL, "https")
		}
		s.TLS.check(k, at+"tls", strings.HasPrefix(s.URL, "https://"), "set a url that begins with https://")
		k.want(s.Cron == "" || s.Every == 0, at+"every", "and cron are both set", "set one of them")
		k.want(s.Every == 0 || s.Every >= time.Second, at+"every", "is too short", "set at least 1s")
		number(k, at+"stop_percent", s.Percent, 0, 100, "set a percentage, or 0 for scim.stop.percent")
		k.want(s.Timeout >= 0 && s.Timeout <= 10*time.Minute, at+"timeout", "is out of range", "set at most 10m")
	}
	k.unique("directory.sources", ids)
}
