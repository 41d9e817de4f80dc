package api

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/gateway/auth"
)

func (a *API) proofs() {
	prove := operation{
		"prove-document", http.MethodGet, "/documents/{id}/proof", "Documents",
		"Everything that proves a document, for «countersign audit verify --bundle»", 0,
	}.huma()
	prove.Responses = map[string]*huma.Response{"200": stream("As docs/proof.md describes it", "application/json")}
	huma.Register(a.huma, prove, a.proveDocument)
}

// proveDocument handles GET /documents/{id}/proof. The bytes are what the seal is over,
// so they are given out as they are.
func (a *API) proveDocument(ctx context.Context, in *DocumentInput) (*huma.StreamResponse, error) {
	who, _ := auth.Of(ctx)
	bundle, err := a.desk.Proof(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(bundle)
	if err != nil {
		return nil, err
	}
	name := mime.FormatMediaType("attachment", map[string]string{"filename": bundle.Number + "-proof.json"})
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", "application/json")
		ctx.SetHeader("Content-Disposition", name)
		ctx.SetHeader("Cache-Control", "no-store")
		_, _ = ctx.BodyWriter().Write(text) // the caller went away; nobody is left to tell
	}}, nil
}
