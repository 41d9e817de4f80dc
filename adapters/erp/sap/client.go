package sap

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// client speaks SOAP 1.1 and OData V2 as one communication user.
type client struct {
	base, soap, odata string
	user, password    string
	language          string
	http              *http.Client
}

func newClient(config port.Config, o port.Options) *client {
	return &client{base: strings.TrimRight(config.URL, "/"), soap: o["soap_path"],
		odata: strings.TrimRight(o["odata_path"], "/"),
		user:  config.User, password: string(config.Secret), language: o["language"], http: config.HTTP()}
}

// message sends one SOAP message and returns the answer's XML, and whether it was worked
// on (200) or only taken (202).
func (c *client) message(ctx context.Context, envelope []byte) (answered []byte, status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+c.soap, bytes.NewReader(envelope))
	if err != nil {
		return nil, 0, port.Fault(port.CodeRefused, "the address of SAP is not one")
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `""`)
	r.Header.Set("Accept-Language", c.language)
	r.SetBasicAuth(c.user, c.password)
	answer, err := port.Send(c.http, r, true)
	if err != nil {
		return nil, 0, err
	}
	if answer.Status == http.StatusOK || answer.Status == http.StatusAccepted {
		return answer.Body, answer.Status, nil
	}
	if words, client := soapFault(answer.Body); words != "" {
		words = port.Hide(words, c.password)
		if client { // it was not understood, so it was not worked on
			return nil, 0, port.Fault(port.CodeRefused, words)
		}
		return nil, 0, port.Fault(port.CodeUnknown, words)
	}
	return nil, 0, port.Status(answer.Status, true)
}

// read asks one OData list and decodes its rows.
func (c *client) read(ctx context.Context, set string, values url.Values, rows any) error {
	values.Set("$format", "json")
	// SAP reads a plus sign as itself: spaces are %20.
	address := c.base + c.odata + "/" + set + "?" + strings.ReplaceAll(values.Encode(), "+", "%20")
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return port.Fault(port.CodeRefused, "the address of SAP is not one")
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Accept-Language", c.language)
	r.SetBasicAuth(c.user, c.password)
	answer, err := port.Send(c.http, r, false)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return c.odataFault(answer)
	}
	got := struct {
		D struct {
			Results json.RawMessage `json:"results"`
		} `json:"d"`
	}{}
	if json.Unmarshal(answer.Body, &got) != nil || json.Unmarshal(got.D.Results, rows) != nil {
		return port.Fault(port.CodeUnavailable, "not an answer of SAP's OData")
	}
	return nil
}

// odataFault reads SAP's words out of an OData error.
func (c *client) odataFault(answer port.Answer) error {
	var got struct {
		Error struct {
			Message struct {
				Value string `json:"value"`
			} `json:"message"`
		} `json:"error"`
	}
	words := ""
	if json.Unmarshal(answer.Body, &got) == nil {
		words = port.Hide(got.Error.Message.Value, c.password)
	}
	if answer.Status == http.StatusBadRequest && words != "" {
		return port.Sort(said, words)
	}
	if answer.Status == http.StatusNotFound {
		return port.Fault(port.CodeUnsupported,
			"the OData service is not there, or not in the communication arrangement: "+words)
	}
	return port.Status(answer.Status, false)
}
