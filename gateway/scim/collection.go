package scim

import (
	"context"
	"net/http"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// collection is /Users or /Groups.
type collection struct {
	*service
	kind directory.Kind
	path string
}

func (c collection) list(w http.ResponseWriter, r *http.Request, _ string) error {
	query := r.URL.Query()
	filter, err := directory.ParseFilter(c.kind, query.Get("filter"))
	if err != nil {
		return err
	}
	start, count, err := page(r)
	if err != nil {
		return err
	}
	choose := shapeOf(query)
	found, total, err := c.Directory.SearchDirectory(r.Context(), store.DirectoryQuery{
		Kind: c.kind, Filter: filter, Start: start, Count: count, Members: choose.has("members"),
	})
	if err != nil {
		return err
	}
	resources := make([]map[string]any, 0, len(found))
	for _, resource := range found {
		resources = append(resources, choose.cut(c.shown(resource)))
	}
	return answer(w, http.StatusOK, map[string]any{
		"schemas": []string{listSchema}, "totalResults": total, "startIndex": start, "itemsPerPage": len(resources),
		"Resources": resources,
	})
}

func (c collection) get(w http.ResponseWriter, r *http.Request, _ string) error {
	resource, err := c.Directory.DirectoryEntry(r.Context(), c.kind, r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(w, r, http.StatusOK, resource)
}

func (c collection) answer(w http.ResponseWriter, r *http.Request, status int, resource directory.Resource) error {
	w.Header().Set("Location", c.location(resource))
	return answer(w, status, shapeOf(r.URL.Query()).cut(c.shown(resource)))
}

func (c collection) location(resource directory.Resource) string {
	return c.Public + Base + c.path + "/" + resource.ID
}

func (c collection) create(w http.ResponseWriter, r *http.Request, actor string) error {
	var sent map[string]any
	if err := body(r, &sent); err != nil {
		return err
	}
	resource, err := c.write(r.Context(), store.DirectoryWrite{Verb: "create", Actor: actor,
		Edit: func(directory.Resource) (directory.Resource, error) { return directory.Read(c.kind, sent) }})
	if err != nil {
		return err
	}
	return c.answer(w, r, http.StatusCreated, resource)
}

func (c collection) replace(w http.ResponseWriter, r *http.Request, actor string) error {
	var sent map[string]any
	if err := body(r, &sent); err != nil {
		return err
	}
	resource, err := c.write(r.Context(), store.DirectoryWrite{ID: r.PathValue("id"), Verb: "replace", Actor: actor,
		Edit: func(before directory.Resource) (directory.Resource, error) {
			next, err := directory.Read(c.kind, sent)
			if err != nil {
				return before, err
			}
			return before.Replaced(next), nil
		}})
	if err != nil {
		return err
	}
	return c.answer(w, r, http.StatusOK, resource)
}

func (c collection) patch(w http.ResponseWriter, r *http.Request, actor string) error {
	var sent struct {
		Operations []map[string]any
	}
	if err := body(r, &sent); err != nil {
		return err
	}
	operations, err := operationsOf(sent.Operations)
	if err != nil {
		return err
	}
	resource, err := c.write(r.Context(), store.DirectoryWrite{ID: r.PathValue("id"), Verb: "patch", Actor: actor,
		Edit: func(before directory.Resource) (directory.Resource, error) { return before.Patch(operations) }})
	if err != nil {
		return err
	}
	return c.answer(w, r, http.StatusOK, resource)
}

func (c collection) remove(w http.ResponseWriter, r *http.Request, actor string) error {
	_, err := c.write(r.Context(), store.DirectoryWrite{ID: r.PathValue("id"), Verb: "delete", Actor: actor,
		Edit: func(before directory.Resource) (directory.Resource, error) {
			before.Deleted, before.Members = true, nil
			return before, nil
		}})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c collection) write(ctx context.Context, in store.DirectoryWrite) (directory.Resource, error) {
	in.Kind, in.Rules, in.Stop = c.kind, c.Rules, c.Stop
	resource, err := c.Directory.WriteDirectory(ctx, in)
	c.Forget()
	return resource, err
}

// operationsOf reads the operations of a PATCH; a value that is absent is not one
// that is null.
func operationsOf(sent []map[string]any) ([]directory.Operation, error) {
	operations := make([]directory.Operation, 0, len(sent))
	for _, one := range sent {
		var o directory.Operation
		for key, value := range one {
			words, isText := value.(string)
			switch key {
			case "op", "Op", "OP":
				o.Op = words
			case "path", "Path":
				if !isText && value != nil {
					return nil, fault.New(fault.Invalid, "scim.bad_syntax")
				}
				o.Path = words
			case "value", "Value":
				o.Value, o.HasValue = value, true
			}
		}
		operations = append(operations, o)
	}
	if len(operations) == 0 {
		return nil, fault.New(fault.Invalid, "scim.bad_syntax")
	}
	return operations, nil
}
