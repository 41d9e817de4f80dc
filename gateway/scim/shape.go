package scim

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/directory"
)

// The URNs of what is sent.
const (
	userSchema   = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema  = "urn:ietf:params:scim:schemas:core:2.0:Group"
	listSchema   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	configSchema = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	typeSchema   = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaSchema = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// shown is a resource as a directory reads it.
func (c collection) shown(r directory.Resource) map[string]any {
	object := maps.Clone(r.Attributes)
	object["id"] = r.ID
	object["meta"] = map[string]any{
		"resourceType": string(r.Kind), "location": c.location(r), "version": `W/"` + strconv.Itoa(r.Version) + `"`,
		"created": r.Created.Format(time.RFC3339Nano), "lastModified": r.Modified.Format(time.RFC3339Nano),
	}
	if r.Kind == directory.Group {
		object["schemas"] = []string{groupSchema}
		members := make([]map[string]any, 0, len(r.Members))
		for _, id := range r.Members {
			members = append(members, map[string]any{"value": id})
		}
		object["members"] = members
		return object
	}
	object["active"] = r.Active()
	object["schemas"] = []string{userSchema}
	if _, ok := object[directory.Enterprise]; ok {
		object["schemas"] = []string{userSchema, directory.Enterprise}
	}
	return object
}

// shape is which attributes are asked for, in lower case and without their parts.
type shape struct{ only, without []string }

func shapeOf(query url.Values) shape {
	return shape{namesIn(query.Get("attributes")), namesIn(query.Get("excludedAttributes"))}
}

func namesIn(list string) []string {
	var names []string
	for name := range strings.SplitSeq(strings.ToLower(list), ",") {
		name = strings.TrimSpace(name)
		for _, urn := range []string{userSchema, groupSchema} {
			name = strings.TrimPrefix(name, strings.ToLower(urn)+":")
		}
		if urn := strings.ToLower(directory.Enterprise); strings.HasPrefix(name, urn) {
			name = urn
		} else {
			name, _, _ = strings.Cut(name, ".")
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (s shape) has(name string) bool {
	return (len(s.only) == 0 || slices.Contains(s.only, name)) && !slices.Contains(s.without, name)
}

// cut leaves out what is not asked for; id and schemas always stay.
func (s shape) cut(object map[string]any) map[string]any {
	maps.DeleteFunc(object, func(name string, _ any) bool {
		return name != "id" && name != "schemas" && !s.has(strings.ToLower(name))
	})
	return object
}
