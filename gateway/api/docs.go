package api

import (
	_ "embed" // the page
	"html/template"
	"log/slog"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/countersign/countersign/gateway/i18n"
)

//go:embed docs.html
var docsText string

var docsPage = template.Must(template.New("docs").Parse(docsText))

// docsData is what the readable page shows.
type docsData struct {
	Locale, Title, Intro, Version string
	Groups                        []docsGroup
	Schemas                       []docsSchema
}

type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary string
	Parameters                []docsField
	Body                      string // name of the schema of its body
	Answers                   []string
}

type docsSchema struct {
	Name   string
	Fields []docsField
}

type docsField struct {
	Name, Kind, Text string
	Required         bool
}

// docs handles GET /docs: the same document as /openapi.json, for people, with
// nothing loaded from anywhere else.
func (a *API) docs(c *gin.Context) {
	data := readable(a.huma.OpenAPI())
	data.Locale = i18n.Locale(c.Request.Context())
	data.Intro = i18n.T(c.Request.Context(), "docs.intro", nil)
	c.Header("Content-Type", "text/html; charset=utf-8")
	if err := docsPage.Execute(c.Writer, data); err != nil {
		slog.ErrorContext(c.Request.Context(), "docs", "error", err)
	}
}

func readable(doc *huma.OpenAPI) docsData {
	data := docsData{Title: doc.Info.Title, Version: doc.Info.Version}
	at := map[string]int{}
	paths := make([]string, 0, len(doc.Paths))
	for path := range doc.Paths {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			i, known := at[op.Tags[0]]
			if !known {
				i = len(data.Groups)
				at[op.Tags[0]] = i
				data.Groups = append(data.Groups, docsGroup{Name: op.Tags[0]})
			}
			data.Groups[i].Operations = append(data.Groups[i].Operations, readableOperation(op))
		}
	}
	schemas := doc.Components.Schemas.Map()
	names := make([]string, 0, len(schemas))
	for name := range schemas {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		data.Schemas = append(data.Schemas, docsSchema{name, fieldsOf(schemas[name])})
	}
	return data
}

func readableOperation(op *huma.Operation) docsOperation {
	out := docsOperation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary}
	for _, p := range op.Parameters {
		out.Parameters = append(out.Parameters, docsField{p.Name, p.In + ", " + kindOf(p.Schema), p.Description, p.Required})
	}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			out.Body = kindOf(media.Schema)
		}
	}
	for status := range op.Responses {
		out.Answers = append(out.Answers, status)
	}
	slices.Sort(out.Answers)
	return out
}

func fieldsOf(s *huma.Schema) []docsField {
	var fields []docsField
	for name, field := range s.Properties {
		fields = append(fields, docsField{name, kindOf(field), field.Description, slices.Contains(s.Required, name)})
	}
	slices.SortFunc(fields, func(a, b docsField) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

func kindOf(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Type == huma.TypeArray:
		return "[" + kindOf(s.Items) + "]"
	case s.Format != "":
		return s.Type + " " + s.Format
	}
	return s.Type
}
