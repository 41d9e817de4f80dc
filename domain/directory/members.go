package directory

import "slices"

// putMembers sets who is in a group, or adds to them.
func (r *Resource) putMembers(raw any, add bool) error {
	ids, err := memberIDs(raw)
	if err != nil {
		return err
	}
	if add {
		ids = append(ids, r.Members...)
	}
	r.setMembers(ids)
	return nil
}

// removeMembers takes out whom the filter chooses, or who is listed as the value:
// a remove with a list takes those away and nobody else, however RFC 7644 may be
// read. Only one with neither empties the group.
func (r *Resource) removeMembers(t target, o Operation) error {
	if t.part != "" {
		return bad("scim.bad_path", "path", o.Path)
	}
	gone := func(string) bool { return true }
	switch {
	case t.of != nil:
		gone = func(id string) bool {
			return t.of.holds(scope{object: map[string]any{"value": id, "type": string(User)}})
		}
	case o.HasValue:
		ids, err := memberIDs(o.Value)
		if err != nil {
			return err
		}
		gone = func(id string) bool { return slices.Contains(ids, id) }
	}
	r.setMembers(slices.DeleteFunc(slices.Clone(r.Members), gone))
	return nil
}

// memberIDs reads [{"value": id}, …]; one object and bare ids will do.
func memberIDs(raw any) ([]string, error) {
	list, ok := raw.([]any)
	if !ok && raw != nil {
		list = []any{raw}
	}
	if len(list) > MembersMax {
		return nil, tooMany("members", MembersMax)
	}
	ids := make([]string, 0, len(list))
	for _, v := range list {
		if object, ok := v.(map[string]any); ok {
			v = object["value"]
		}
		id, ok := v.(string)
		if !ok || id == "" || len(id) > TextMax {
			return nil, bad("scim.bad_value", "attribute", "members")
		}
		ids = append(ids, id)
	}
	return ids, nil
}
