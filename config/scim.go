package config

import (
	"slices"
	"strconv"
	"time"
)

// SCIM is how a company's directory tells us of people and groups.
type SCIM struct {
	Enabled     bool             `mapstructure:"enabled"`
	DatabaseURL Secret           `mapstructure:"database_url"` // of the role countersign_directory
	Department  string           `mapstructure:"department"`   // of whom the directory puts in none we know; "": refused
	Subject     string           `mapstructure:"subject"`      // of a new person: external_id, user_name or none
	Issuer      string           `mapstructure:"issuer"`       // before the subject, where several providers are trusted
	Departments []SCIMDepartment `mapstructure:"departments"`
	Groups      []SCIMGroup      `mapstructure:"groups"`
	Stop        SCIMStop         `mapstructure:"stop"`
}

// SCIMDepartment says which of our departments the directory means by a name.
type SCIMDepartment struct {
	Name       string `mapstructure:"name"`
	Department string `mapstructure:"department"`
}

// SCIMGroup says what being in a group means.
type SCIMGroup struct {
	Group      string `mapstructure:"group"`      // its name; whoever may name groups may take it
	GroupID    string `mapstructure:"group_id"`   // or better its external id
	Role       string `mapstructure:"role"`       // a grant
	Entity     string `mapstructure:"entity"`     // of the grant; "" = every legal entity
	Department string `mapstructure:"department"` // works there
	Trusted    bool   `mapstructure:"trusted"`    // somebody else approves there who comes into the group
}

// SCIMStop is when the directory is asked whether it means it.
type SCIMStop struct {
	Percent int           `mapstructure:"percent"`  // of the active people who may leave
	Window  time.Duration `mapstructure:"window"`   // within so long
	AtLeast int           `mapstructure:"at_least"` // fewer never stop
}

// neverByGroup are the roles that no directory gives: who administers the house is
// named by the organisation's file.
var neverByGroup = []string{"admin", "operator", "employee"}

func (s SCIM) check(k *check, mode Mode) {
	if s.DatabaseURL.IsSet() {
		k.url("scim.database_url", s.DatabaseURL.Reveal(), "postgres", "postgresql")
	} else {
		k.want(!s.Enabled || mode == Dev, "scim.database_url", "is empty",
			"set the address of the role countersign_directory, which `countersign migrate roles` printed")
	}
	k.oneOf("scim.subject", s.Subject, "external_id", "user_name", "none")
	number(k, "scim.stop.percent", s.Stop.Percent, 1, 100, "set a percentage from 1 to 100")
	k.duration("scim.stop.window", s.Stop.Window, time.Second, 30*24*time.Hour)
	k.count("scim.stop.at_least", s.Stop.AtLeast, 1_000_000)
	for i, d := range s.Departments {
		at := "scim.departments[" + strconv.Itoa(i) + "]"
		k.want(d.Name != "" && d.Department != "", at, "is incomplete", "set name and department")
	}
	for i, g := range s.Groups {
		at := "scim.groups[" + strconv.Itoa(i) + "]."
		k.want((g.Group == "") != (g.GroupID == ""), at+"group_id", "and group are both empty or both set",
			"set the group's external id as group_id, or its name as group")
		k.want(g.Role != "" || g.Department != "", at+"role", "and department are empty", "set one of them")
		k.want(!slices.Contains(neverByGroup, g.Role), at+"role", "is given by no directory",
			"name administrators and operators in the organisation's file; everybody is an employee")
		k.want(g.Role == "" || g.Trusted, at+"trusted", "is not set, and a role needs a second person",
			"set it to true if in the directory somebody else approves who comes into the group; else grant the role by "+
				"the organisation's file")
	}
}
