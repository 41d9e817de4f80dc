package command

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/folder"
	"github.com/countersign/countersign/adapters/drop/rows"
	"github.com/countersign/countersign/adapters/drop/s3"
	"github.com/countersign/countersign/adapters/drop/sftp"
	"github.com/countersign/countersign/adapters/table"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
)

// quietDefault is how long nobody may have written a file that is read, where nothing is
// said.
const quietDefault = 10 * time.Second

// inbounds are the activities that ask sources for what they want made documents; nil
// where there are none.
func (p *parts) inbounds(s *store.Store) (*activities.Inbounds, error) {
	in := &activities.Inbounds{Book: s, Sources: map[string]activities.InboundSource{}, Words: inboundWords()}
	for _, c := range p.config.Inbound.Sources {
		if !c.Asked() {
			continue
		}
		source, err := p.askedSource(c)
		if err != nil {
			return nil, fmt.Errorf("inbound.sources %s: %w", c.ID, err)
		}
		in.Sources[c.ID] = source
	}
	if len(in.Sources) == 0 {
		return nil, nil
	}
	return in, nil
}

func (p *parts) askedSource(c config.InboundSource) (activities.InboundSource, error) {
	mapping, err := inboundMapping(c.Mapping)
	if err != nil {
		return activities.InboundSource{}, err
	}
	source := activities.InboundSource{ID: c.ID, Entities: c.Entities, Mapping: mapping}
	if c.HasFiles() {
		f := c.Files
		source.Rows = rows.Options{Sheet: f.Sheet, GroupBy: f.GroupBy, Rows: f.RowsMax}
		source.BytesMax, source.Quiet = f.BytesMax, cmp.Or(f.Quiet, quietDefault)
		source.Language = cmp.Or(f.Language, i18n.Chinese)
		source.Place, err = openPlace(c.Kind, f)
		return source, err
	}
	if c.Kind == config.InboundERP {
		books, err := p.connections()
		if err != nil {
			return source, err
		}
		ledger, known := books[c.Connection]
		if !known {
			return source, fmt.Errorf("connection %q is none of erp.connections", c.Connection)
		}
		source.Ask = activities.Bills(ledger)
		return source, nil
	}
	rows, err := openTable(c.Table)
	if err == nil {
		source.Ask = rows.Read
	}
	return source, err
}

func openTable(c config.InboundQuery) (*table.Source, error) {
	settings, err := c.TLS.Client()
	if err != nil {
		return nil, fmt.Errorf("table.tls: %w", err)
	}
	return table.Open(table.Config{URL: c.URL.Reveal(), Query: c.Query, Key: c.Key, Watermark: c.Watermark,
		Overlap: c.Overlap, TLS: settings})
}

// openPlace opens where a source leaves its files.
func openPlace(kind string, f config.InboundFiles) (drop.Place, error) {
	switch kind {
	case config.InboundS3:
		settings, err := f.TLS.Client()
		if err != nil {
			return nil, fmt.Errorf("files.tls: %w", err)
		}
		return s3.Open(s3.Config{Endpoint: f.Endpoint, Bucket: f.Bucket, Region: f.Region, Prefix: f.Folder,
			AccessKey: f.AccessKey.Reveal(), SecretKey: f.SecretKey.Reveal(), Plain: f.Plain, TLS: settings})
	case config.InboundSFTP:
		return sftp.Open(sftp.Config{Endpoint: f.Endpoint, User: f.User, Password: f.Password.Reveal(),
			PrivateKey: f.PrivateKey.Reveal(), HostKey: f.HostKey, Folder: f.Folder})
	}
	return folder.Open(f.Folder)
}

func inboundWords() activities.Words {
	said := i18n.Shipped()
	return activities.Words{
		Text:  func(language, key string) string { return said.Text(language, key, nil) },
		Fault: func(language string, f *fault.Fault) string { return words(f, language) },
	}
}

// scheduleInbound has the sources asked by themselves.
func (p *parts) scheduleInbound(ctx context.Context, c client.Client) error {
	var all []worker.InboundSchedule
	for _, s := range p.config.Inbound.Sources {
		if s.Asked() {
			all = append(all, worker.InboundSchedule{Source: s.ID, Connection: s.Connection, Cron: s.Cron, Every: s.Every,
				Zone: p.config.Locale.Zone})
		}
	}
	return worker.KeepInboundSchedules(ctx, c, all)
}
