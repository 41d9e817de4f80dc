// Package scim reads a directory from another system's SCIM 2.0 service, page by page.
package scim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	adapter "github.com/countersign/countersign/adapters/directory"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/jsonread"
)

const (
	pageSize  = 200
	pagesMost = directory.ListingMost/pageSize + 1
	depthMax  = 20 // of an answer
)

// Source is one service.
type Source struct {
	config  adapter.Config
	fetcher *adapter.Fetcher
}

var _ adapter.Source = (*Source)(nil)

// Open makes it without asking anything.
func Open(c adapter.Config) *Source { return &Source{config: c, fetcher: adapter.NewFetcher(c)} }

// page is a ListResponse.
type page struct {
	Total     *int             `json:"totalResults"`
	Resources []map[string]any `json:"Resources"`
}

// List reads every page. What changes there meanwhile may shift the pages, so a listing
// that is not as long as the service says, or has somebody twice, is refused and asked
// for again.
func (s *Source) List(ctx context.Context) (directory.Listing, error) {
	digest := sha256.New()
	users, err := s.all(ctx, directory.User, s.config.Filter, digest.Write)
	l := directory.Listing{Users: users}
	if err == nil && s.config.Groups {
		l.Groups, err = s.all(ctx, directory.Group, "", digest.Write)
	}
	l.Sum = hex.EncodeToString(digest.Sum(nil))
	return l, err
}

func (s *Source) all(ctx context.Context, kind directory.Kind, filter string, write func([]byte) (int, error)) (
	[]directory.Resource, error) {
	var all []directory.Resource
	for range pagesMost {
		got, err := s.page(ctx, kind, filter, len(all)+1, write)
		if err != nil {
			return nil, err
		}
		for _, sent := range got.Resources {
			r, err := read(kind, sent)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
		if got.Total == nil {
			return nil, unreadable(kind, "no totalResults")
		}
		if len(all) == *got.Total {
			return all, nil
		}
		if len(got.Resources) == 0 || len(all) > *got.Total {
			return nil, unreadable(kind, strconv.Itoa(len(all))+" of "+strconv.Itoa(*got.Total))
		}
	}
	return nil, unreadable(kind, "more than "+strconv.Itoa(directory.ListingMost))
}

func (s *Source) page(ctx context.Context, kind directory.Kind, filter string, start int,
	write func([]byte) (int, error)) (page, error) {
	address, err := url.Parse(strings.TrimSuffix(s.config.URL, "/") + "/" + string(kind) + "s")
	if err != nil {
		return page{}, s.fetcher.Unavailable(err)
	}
	query := url.Values{"startIndex": {strconv.Itoa(start)}, "count": {strconv.Itoa(pageSize)}}
	if filter != "" {
		query.Set("filter", filter)
	}
	address.RawQuery = query.Encode()
	text, err := s.fetcher.Get(ctx, address, "application/scim+json")
	if err != nil {
		return page{}, err
	}
	_, _ = write(text) // a hash takes everything
	var got page
	strict := jsonread.Check(text, jsonread.Limits{Depth: depthMax, Folded: true})
	if err := json.Unmarshal(text, &got); strict != nil || err != nil {
		return page{}, unreadable(kind, "no list")
	}
	return got, nil
}

// read makes a resource of what the service sent, under the service's own id.
func read(kind directory.Kind, sent map[string]any) (directory.Resource, error) {
	id, _ := sent["id"].(string)
	if id == "" {
		return directory.Resource{}, unreadable(kind, "no id")
	}
	sent["externalId"] = id
	return directory.Read(kind, sent)
}

func unreadable(kind directory.Kind, why string) error {
	return fault.New(fault.Invalid, "directory.unreadable", fault.Arg("at", string(kind)+"s"), fault.Arg("why", why))
}
