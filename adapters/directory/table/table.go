// Package table reads a directory from a CSV file, at a path or an https address.
package table

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	adapter "github.com/countersign/countersign/adapters/directory"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
)

// Source is one table.
type Source struct {
	config  adapter.Config
	fetcher *adapter.Fetcher
}

var _ adapter.Source = (*Source)(nil)

// Open makes it without reading anything.
func Open(c adapter.Config) *Source { return &Source{config: c, fetcher: adapter.NewFetcher(c)} }

// List reads the table.
//
// Errors: as adapter.Source; Forbidden directory.refused where the checksum is another.
func (s *Source) List(ctx context.Context) (directory.Listing, error) {
	text, err := s.read(ctx)
	if err != nil {
		return directory.Listing{}, err
	}
	digest := sha256.Sum256(text)
	sum := hex.EncodeToString(digest[:])
	if s.config.SHA256 != "" && !strings.EqualFold(s.config.SHA256, sum) {
		return directory.Listing{}, fault.New(fault.Forbidden, "directory.refused", fault.Arg("source", s.config.ID),
			fault.Arg("why", "sha256 "+sum))
	}
	users, err := Read(text)
	return directory.Listing{Users: users, Sum: sum}, err
}

func (s *Source) read(ctx context.Context) ([]byte, error) {
	if s.config.Path == "" {
		address, err := url.Parse(s.config.URL)
		if err != nil {
			return nil, s.fetcher.Unavailable(err)
		}
		return s.fetcher.Get(ctx, address, "text/csv")
	}
	file, err := os.Open(s.config.Path)
	if err != nil {
		return nil, s.fetcher.Unavailable(err)
	}
	defer file.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(file, adapter.BodyMax+1))
	if err == nil && len(text) > adapter.BodyMax {
		err = errors.New("more than 16 MiB")
	}
	if err != nil {
		return nil, s.fetcher.Unavailable(err)
	}
	return text, nil
}

// columns are those of a table, by what they are in SCIM. Only id is needed.
var columns = []string{"id", "name", "email", "user_name", "locale", "department", "cost_center", "manager",
	"employee_number", "left"}

// Read makes users of a table: CSV in UTF-8 with a header.
//
// Errors: Invalid directory.unreadable with the line, scim.*.
func Read(text []byte) ([]directory.Resource, error) {
	if !utf8.Valid(text) {
		return nil, unreadable(1, "not UTF-8")
	}
	rows := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	header, err := rows.Read()
	if err != nil {
		return nil, unreadable(1, err.Error())
	}
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(columns, header[i]) || slices.Contains(header[:i], header[i]) {
			return nil, unreadable(1, name+": unknown or twice; known are "+strings.Join(columns, ", "))
		}
	}
	if !slices.Contains(header, "id") {
		return nil, unreadable(1, "there is no column id")
	}
	var users []directory.Resource
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return users, nil
		}
		line, _ := rows.FieldPos(0)
		if err != nil {
			return nil, unreadable(line, err.Error())
		}
		user, err := readUser(header, row)
		if err != nil {
			return nil, unreadable(line, err.Error())
		}
		users = append(users, user)
	}
}

func readUser(header, row []string) (directory.Resource, error) {
	value := map[string]string{}
	for i, name := range header {
		value[name] = strings.TrimSpace(row[i])
	}
	if value["id"] == "" {
		return directory.Resource{}, errors.New("there is no id")
	}
	name := value["user_name"]
	if name == "" {
		name = value["email"]
	}
	if name == "" {
		name = value["id"]
	}
	active := true
	switch strings.ToLower(value["left"]) {
	case "", "false", "no", "0", "否":
	case "true", "yes", "1", "是":
		active = false
	default:
		return directory.Resource{}, errors.New("left is neither yes nor no")
	}
	body := map[string]any{"externalId": value["id"], "userName": name, "active": active}
	for column, attribute := range map[string]string{"name": "displayName", "locale": "preferredLanguage"} {
		body[attribute] = value[column]
	}
	if value["email"] != "" {
		body["emails"] = []any{map[string]any{"value": value["email"], "type": "work", "primary": true}}
	}
	inner := map[string]any{}
	for column, attribute := range map[string]string{"department": "department", "cost_center": "costCenter",
		"manager": "manager", "employee_number": "employeeNumber"} {
		if value[column] != "" {
			inner[attribute] = value[column]
		}
	}
	if len(inner) > 0 {
		body[directory.Enterprise] = inner
	}
	return directory.Read(directory.User, body)
}

func unreadable(line int, why string) error {
	return fault.New(fault.Invalid, "directory.unreadable", fault.Arg("at", strconv.Itoa(line)), fault.Arg("why", why))
}
