package command

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/hooks"
	"github.com/countersign/countersign/policy/inbound"
	"github.com/countersign/countersign/policy/source"
)

// inboundSources are the systems that may start documents, each with its mapping.
func (p *parts) inboundSources() (map[string]desk.InboundSource, error) {
	sources := map[string]desk.InboundSource{}
	for _, s := range p.config.Inbound.Sources {
		mapping, err := inboundMapping(s.Mapping)
		if err != nil {
			return nil, fmt.Errorf("inbound.sources %s: %w", s.ID, err)
		}
		when := s.Cron
		if s.Every > 0 {
			when = strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(s.Every.String())
		}
		sources[s.ID] = desk.InboundSource{
			When: when,
			ID:   s.ID, Kind: s.Kind, Title: s.Title, Account: s.Account, Entities: s.Entities, Mapping: mapping,
			OnceByInvoice: s.Once,
		}
	}
	return sources, nil
}

// inboundMapping reads a mapping: a shipped one by its name, else a file.
func inboundMapping(name string) (*inbound.Mapping, error) {
	if !strings.ContainsAny(name, `./\`) {
		text, err := config.Shipped.ReadFile(path.Join("inbound", name+".yaml"))
		if err != nil {
			return nil, fmt.Errorf("mapping %q is none that ships, and no path of a file", name)
		}
		return inbound.Parse(name+".yaml", text)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the mapping: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	text, err := io.ReadAll(io.LimitReader(file, source.BytesMax+1))
	if err != nil {
		return nil, fmt.Errorf("the mapping %s: %w", name, err)
	}
	return inbound.Parse(filepath.Base(name), text)
}

// inboundDoor is where the webhooks among them come in.
func (p *parts) inboundDoor(counter *desk.Desk) (hooks.Inbound, error) {
	door := hooks.Inbound{Desk: counter, Seals: map[string]hooks.Seal{}}
	for _, s := range p.config.Inbound.Sources {
		if s.Kind != config.InboundWebhook {
			continue
		}
		var secrets []string
		for _, one := range s.Secrets {
			secrets = append(secrets, one.Secret.Reveal())
		}
		if s.Signature == config.SignedHMAC {
			door.Seals[s.ID] = hooks.HMAC(s.Header, secrets...)
			continue
		}
		seal, err := hooks.Standard(secrets...)
		if err != nil {
			return door, fmt.Errorf("inbound.sources %s: a secret is not base64", s.ID)
		}
		door.Seals[s.ID] = seal
	}
	return door, nil
}
