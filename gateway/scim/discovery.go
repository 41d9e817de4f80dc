package scim

import (
	"net/http"
	"slices"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
)

type object = map[string]any

// config handles GET /ServiceProviderConfig.
func (s *service) config(w http.ResponseWriter, _ *http.Request, _ string) error {
	no := object{"supported": false}
	return answer(w, http.StatusOK, object{
		"schemas": []string{configSchema},
		"patch":   object{"supported": true},
		"bulk":    object{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter":  object{"supported": true, "maxResults": countMax},
		"sort":    no, "etag": no, "changePassword": no,
		"authenticationSchemes": []object{{"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A token with the scope scim:provision"}},
		"meta": object{"resourceType": "ServiceProviderConfig", "location": s.Public + Base + "/ServiceProviderConfig"},
	})
}

func (s *service) types() []object {
	kind := func(name, endpoint, schema string, extensions ...object) object {
		return object{"schemas": []string{typeSchema}, "id": name, "name": name, "endpoint": endpoint, "schema": schema,
			"schemaExtensions": append([]object{}, extensions...),
			"meta":             object{"resourceType": "ResourceType", "location": s.Public + Base + "/ResourceTypes/" + name}}
	}
	return []object{
		kind("User", "/Users", userSchema, object{"schema": directory.Enterprise, "required": false}),
		kind("Group", "/Groups", groupSchema),
	}
}

func (s *service) resourceTypes(w http.ResponseWriter, _ *http.Request, _ string) error {
	return listed(w, s.types())
}

func (s *service) resourceType(w http.ResponseWriter, r *http.Request, _ string) error {
	return one(w, s.types(), r.PathValue("id"))
}

func (s *service) schemas(w http.ResponseWriter, _ *http.Request, _ string) error {
	return listed(w, s.known())
}

func (s *service) schema(w http.ResponseWriter, r *http.Request, _ string) error {
	return one(w, s.known(), r.PathValue("id"))
}

func listed(w http.ResponseWriter, all []object) error {
	return answer(w, http.StatusOK, object{"schemas": []string{listSchema}, "totalResults": len(all), "startIndex": 1,
		"itemsPerPage": len(all), "Resources": all})
}

func one(w http.ResponseWriter, all []object, id string) error {
	at := slices.IndexFunc(all, func(o object) bool { return o["id"] == id })
	if at < 0 {
		return fault.New(fault.NotFound, "scim.not_found", fault.Arg("id", id))
	}
	return answer(w, http.StatusOK, all[at])
}

// known are the schemas: what domain/directory keeps, and nothing else.
func (s *service) known() []object {
	schema := func(id, name string, attributes ...object) object {
		return object{"schemas": []string{schemaSchema}, "id": id, "name": name, "attributes": attributes,
			"meta": object{"resourceType": "Schema", "location": s.Public + Base + "/Schemas/" + id}}
	}
	value, kind := text("value", false), text("type", false)
	return []object{
		schema(userSchema, "User",
			unique(text("userName", true)), exactly(text("externalId", false)), text("displayName", false),
			text("preferredLanguage", false), text("locale", false), plain("active", "boolean", false),
			within("name", false, text("formatted", false), text("familyName", false), text("givenName", false),
				text("middleName", false)),
			within("emails", true, value, kind, text("display", false), plain("primary", "boolean", false))),
		schema(groupSchema, "Group",
			unique(text("displayName", true)), exactly(text("externalId", false)), within("members", true, exactly(value))),
		schema(directory.Enterprise, "EnterpriseUser",
			text("employeeNumber", false), text("costCenter", false), text("department", false),
			within("manager", false, exactly(text("value", false)))),
	}
}

func plain(name, kind string, required bool) object {
	return object{"name": name, "type": kind, "multiValued": false, "required": required, "mutability": "readWrite",
		"returned": "default", "uniqueness": "none"}
}

func text(name string, required bool) object {
	o := plain(name, "string", required)
	o["caseExact"] = false
	return o
}

func unique(o object) object {
	o["uniqueness"] = "server"
	return o
}

func exactly(o object) object {
	copied := object{}
	for key, value := range o {
		copied[key] = value
	}
	copied["caseExact"] = true
	return copied
}

func within(name string, several bool, parts ...object) object {
	o := plain(name, "complex", false)
	o["multiValued"], o["subAttributes"] = several, parts
	return o
}
