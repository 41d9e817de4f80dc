package config

import (
	"strconv"
	"strings"
	"time"
)

// The kinds of source.
const (
	InboundAPI     = "api"     // it calls the API with a token
	InboundWebhook = "webhook" // it calls /hooks/inbound/<id>, signed
	InboundFolder  = "folder"  // it leaves files in a folder
	InboundS3      = "s3"      // it leaves files in a bucket
	InboundSFTP    = "sftp"    // it leaves files on an SFTP server
	InboundTable   = "table"   // it has a table in a PostgreSQL of its own
	InboundERP     = "erp"     // an ERP connection, whose approved supplier bills are asked for
)

// How a webhook is signed.
const (
	SignedStandard = "standard" // Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature
	SignedHMAC     = "hmac"     // HMAC-SHA256 over the body alone, in a header of its own
)

// Inbound is which systems may start documents.
type Inbound struct {
	Sources []InboundSource `mapstructure:"sources"`
}

// InboundSource is one of them.
type InboundSource struct {
	ID       string   `mapstructure:"id"`
	Title    string   `mapstructure:"title"`
	Kind     string   `mapstructure:"kind"`
	Account  string   `mapstructure:"account"`         // id of the person in whose name it enters documents
	Entities []string `mapstructure:"entities"`        // whose documents it may start; none = every one
	Mapping  string   `mapstructure:"mapping"`         // a shipped mapping's name or a file's path
	Once     bool     `mapstructure:"once_by_invoice"` // refuse an invoice that another document shows already

	// webhook
	Signature string          `mapstructure:"signature"` // standard or hmac
	Header    string          `mapstructure:"header"`    // hmac: which header carries it
	Secrets   []InboundSecret `mapstructure:"secrets"`   // any of them; two while one is replaced

	// Sources that we ask ourselves.
	Cron  string        `mapstructure:"cron"`  // when, in locale.zone; "" = every
	Every time.Duration `mapstructure:"every"` // how often
	Files InboundFiles  `mapstructure:"files"` // folder, s3, sftp
	Table InboundQuery  `mapstructure:"table"` // table

	Connection string `mapstructure:"connection"` // erp: id of the connection
}

// InboundQuery is which rows of another PostgreSQL become documents.
type InboundQuery struct {
	URL       Secret        `mapstructure:"url"`       // postgres://reader:…@host/name, of a role that may only read
	Query     string        `mapstructure:"query"`     // a SELECT without parameters
	Key       string        `mapstructure:"key"`       // column that tells rows of one watermark apart
	Watermark string        `mapstructure:"watermark"` // column that grows, by which new rows are found
	Overlap   time.Duration `mapstructure:"overlap"`   // a time: how far back rows are asked for again
	TLS       TLS           `mapstructure:"tls"`
}

// InboundFiles is where a source leaves files, and how they are read.
type InboundFiles struct {
	Folder   string        `mapstructure:"folder"`    // its path; of sftp the path there; of s3 what keys begin with
	Quiet    time.Duration `mapstructure:"quiet"`     // how long nobody may have written a file that is read
	Sheet    string        `mapstructure:"sheet"`     // of a workbook; "" = its first
	GroupBy  string        `mapstructure:"group_by"`  // column whose equal values make one document of many rows
	RowsMax  int           `mapstructure:"rows_max"`  // of one file
	BytesMax int64         `mapstructure:"bytes_max"` // of one file
	Language string        `mapstructure:"language"`  // of the results beside the files: en or zh-CN

	Endpoint  string `mapstructure:"endpoint"` // s3, sftp: host:port
	Bucket    string `mapstructure:"bucket"`   // s3
	Region    string `mapstructure:"region"`   // s3
	AccessKey Secret `mapstructure:"access_key"`
	SecretKey Secret `mapstructure:"secret_key"`
	Plain     bool   `mapstructure:"plain"` // s3: http, for a store on the same machine
	TLS       TLS    `mapstructure:"tls"`   // s3

	User       string `mapstructure:"user"` // sftp
	Password   Secret `mapstructure:"password"`
	PrivateKey Secret `mapstructure:"private_key"` // sftp: in PEM, without a passphrase
	HostKey    string `mapstructure:"host_key"`    // sftp: the server's public key, as ssh-keyscan prints it
}

// InboundSecret is one secret of a webhook.
type InboundSecret struct {
	Secret Secret `mapstructure:"secret"`
}

// The most that may be asked for of one file.
const (
	inboundRowsMost  = 20_000
	inboundBytesMost = 32 << 20
)

// inboundSecretLeast is how many characters a webhook's secret has at least.
const inboundSecretLeast = 24

func (i Inbound) check(k *check) {
	var ids []string
	for n, s := range i.Sources {
		at := "inbound.sources[" + strconv.Itoa(n) + "]."
		ids = append(ids, s.ID)
		k.oneOf(at+"kind", s.Kind, InboundAPI, InboundWebhook, InboundFolder, InboundS3, InboundSFTP,
			InboundTable, InboundERP)
		k.want(inboundID.MatchString(s.ID), at+"id", "is no name", "set lower-case letters, digits, - and _, at most 40")
		k.want(s.Account != "", at+"account", "is empty", "name the person in whose name documents are entered")
		k.want(s.Mapping != "", at+"mapping", "is empty", "name a mapping file, or a shipped mapping")
		s.checkWebhook(k, at)
		s.checkAsked(k, at)
	}
	k.unique("inbound.sources", ids)
}

func (s InboundSource) checkWebhook(k *check, at string) {
	if s.Kind != InboundWebhook {
		k.want(len(s.Secrets) == 0 && s.Header == "", at+"secrets", "are of webhooks only", "remove them")
		return
	}
	k.want(len(s.Secrets) > 0, at+"secrets", "is empty", "set at least one: openssl rand -base64 32")
	for i, one := range s.Secrets {
		k.want(len(one.Secret.Reveal()) >= inboundSecretLeast, at+"secrets["+strconv.Itoa(i)+"].secret", "is too short",
			"make one with: openssl rand -base64 32")
		if s.Signature != SignedHMAC {
			k.want(standardSecret(one.Secret.Reveal()), at+"secrets["+strconv.Itoa(i)+"].secret", "is not base64",
				"make one with: openssl rand -base64 32; whsec_ before it is fine")
		}
	}
	if s.Signature != "" {
		k.oneOf(at+"signature", s.Signature, SignedStandard, SignedHMAC)
	}
	k.want((s.Signature == SignedHMAC) == (s.Header != ""), at+"header", "goes with signature: hmac",
		"name the header that carries the signature, such as X-Signature")
}

// Asked says whether we ask the source ourselves.
func (s InboundSource) Asked() bool { return s.Kind != InboundAPI && s.Kind != InboundWebhook }

// HasFiles says whether the source leaves files.
func (s InboundSource) HasFiles() bool {
	return s.Kind == InboundFolder || s.Kind == InboundS3 || s.Kind == InboundSFTP
}

func (s InboundSource) checkAsked(k *check, at string) {
	if !s.Asked() {
		k.want(s.Cron == "" && s.Every == 0, at+"every", "is of sources that we ask only", "remove it, or set another kind")
		return
	}
	k.want((s.Cron == "") != (s.Every == 0), at+"every", "and cron are both set or both empty", "set one of them")
	k.want(s.Every == 0 || s.Every >= time.Second, at+"every", "is too short", "set at least 1s")
	if s.HasFiles() {
		s.Files.check(k, at+"files.", s.Kind)
	}
	k.want((s.Kind == InboundERP) == (s.Connection != ""), at+"connection", "goes with kind: erp",
		"name a connection of erp.connections, or remove it")
	if s.Kind == InboundTable {
		s.Table.check(k, at+"table.")
	}
}

func (q InboundQuery) check(k *check, at string) {
	k.want(q.URL.IsSet(), at+"url", "is empty",
		"set url_file: postgres://reader:password@host/name, of a role that may only read")
	k.want(q.Query != "" && !strings.Contains(q.Query, ";"), at+"query", "is empty, or more than one statement",
		"write one SELECT without a semicolon")
	k.want(q.Key != "" && q.Watermark != "", at+"watermark", "or key is empty",
		"name the column that grows, and one that tells rows of the same value apart")
	q.TLS.check(k, at+"tls", !strings.Contains(q.URL.Reveal(), "sslmode"),
		"leave sslmode out of url: tls verifies as verify-full does")
	k.want(q.Overlap >= 0 && q.Overlap <= 24*time.Hour, at+"overlap", "is out of range", "set at most 24h")
}

func (f InboundFiles) check(k *check, at, kind string) {
	k.want(kind == InboundS3 || strings.HasPrefix(f.Folder, "/"), at+"folder", "is no absolute path",
		"write the folder in which the other system leaves its files")
	k.want(f.Quiet >= 0 && f.Quiet <= time.Hour, at+"quiet", "is out of range", "set at most 1h; without it 10s")
	k.want(f.RowsMax >= 0 && f.RowsMax <= inboundRowsMost, at+"rows_max", "is out of range",
		"set at most "+strconv.Itoa(inboundRowsMost))
	k.want(f.BytesMax >= 0 && f.BytesMax <= inboundBytesMost, at+"bytes_max", "is out of range",
		"set at most "+strconv.Itoa(inboundBytesMost))
	if f.Language != "" {
		k.oneOf(at+"language", f.Language, "en", "zh-CN")
	}
	k.want((kind == InboundFolder) == (f.Endpoint == ""), at+"endpoint", "goes with s3 and sftp",
		"set host:port, or remove it")
	k.want((kind == InboundS3) == (f.Bucket != ""), at+"bucket", "goes with s3", "set it, or remove it")
	f.TLS.check(k, at+"tls", kind == InboundS3 && !f.Plain, "it is of s3 without plain: remove one of them")
	if kind == InboundSFTP {
		k.want(f.User != "" && (f.Password.IsSet() || f.PrivateKey.IsSet()), at+"user", "and how it signs in are missing",
			"set user, and private_key_file or password_file")
		k.want(f.HostKey != "", at+"host_key", "is empty", "write the server's key: ssh-keyscan prints it after the host")
	}
}
