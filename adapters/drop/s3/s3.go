// Package s3 is a place in a bucket. An object is whole or not there, so nobody ever sees
// half a file; but it cannot be renamed: Move copies it, then takes the old one away.
package s3

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/countersign/countersign/adapters/drop"
)

// Config is one bucket.
type Config struct {
	Endpoint, Bucket, Region, Prefix string
	AccessKey, SecretKey             string
	Plain                            bool // http
	Once                             bool // no request is repeated in secret
	TLS                              *tls.Config
}

// Place is a bucket, below a prefix.
type Place struct {
	client         *minio.Client
	bucket, prefix string
}

var _ drop.Place = (*Place)(nil)

// Open makes the client. Nothing is asked yet.
func Open(c Config) (*Place, error) {
	options := &minio.Options{Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Secure: !c.Plain,
		Region: c.Region}
	if c.Once {
		options.MaxRetries = 1
	}
	if c.TLS != nil {
		line, err := minio.DefaultTransport(true)
		if err != nil {
			return nil, err
		}
		line.TLSClientConfig, options.Transport = c.TLS, line
	}
	client, err := minio.New(c.Endpoint, options)
	if err != nil {
		return nil, err
	}
	prefix := strings.Trim(c.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	return &Place{client: client, bucket: c.Bucket, prefix: prefix}, nil
}

func (p *Place) room(room drop.Room) string {
	if room == drop.Incoming {
		return p.prefix
	}
	return p.prefix + string(room) + "/"
}

func (p *Place) key(room drop.Room, name string) (string, error) {
	if !drop.ValidName(name) {
		return "", drop.ErrBadName
	}
	return p.room(room) + name, nil
}

// List lists the objects of a room.
func (p *Place) List(ctx context.Context, room drop.Room) ([]drop.File, error) {
	ctx, cancel := context.WithCancel(ctx) // ends the listing where it is left early
	defer cancel()
	var files []drop.File
	for object := range p.client.ListObjects(ctx, p.bucket, minio.ListObjectsOptions{Prefix: p.room(room)}) {
		if object.Err != nil {
			return nil, unavailable(object.Err)
		}
		name := strings.TrimPrefix(object.Key, p.room(room))
		if drop.ValidName(name) {
			files = append(files, drop.File{Name: name, Size: object.Size, Modified: object.LastModified})
		}
		if len(files) == drop.FilesMax {
			break
		}
	}
	slices.SortFunc(files, func(a, b drop.File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// Read reads an object.
func (p *Place) Read(ctx context.Context, room drop.Room, name string, most int64) ([]byte, error) {
	key, err := p.key(room, name)
	if err != nil {
		return nil, err
	}
	object, err := p.client.GetObject(ctx, p.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, unavailable(err)
	}
	defer func() { _ = object.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(object, most+1))
	if missing(err) {
		return nil, drop.NotFound(name)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if int64(len(text)) > most {
		return nil, drop.TooLarge(name, strconv.FormatInt(most, 10))
	}
	return text, nil
}

// Write writes an object in one request, on the condition that there is none. A store
// that knows no conditions is asked first.
func (p *Place) Write(ctx context.Context, room drop.Room, name string, content []byte) error {
	key, err := p.key(room, name)
	if err != nil {
		return err
	}
	if _, err := p.client.StatObject(ctx, p.bucket, key, minio.StatObjectOptions{}); err == nil {
		return drop.Exists(name)
	} else if !missing(err) {
		return unavailable(err)
	}
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true}
	options.SetMatchETagExcept("*")
	put, err := p.client.PutObject(ctx, p.bucket, key, bytes.NewReader(content), int64(len(content)), options)
	if status(err) == http.StatusPreconditionFailed {
		return drop.Exists(name)
	}
	if err != nil {
		return unavailable(err)
	}
	if put.ETag == "" {
		return drop.Unavailable("not an answer of a store")
	}
	return nil
}

// Move copies an object, then removes the old one. A crash between the two leaves both.
func (p *Place) Move(ctx context.Context, from drop.Room, name string, to drop.Room, as string) error {
	old, err := p.key(from, name)
	if err != nil {
		return err
	}
	key, err := p.key(to, as)
	if err != nil {
		return err
	}
	_, err = p.client.CopyObject(ctx, minio.CopyDestOptions{Bucket: p.bucket, Object: key},
		minio.CopySrcOptions{Bucket: p.bucket, Object: old})
	if missing(err) {
		return drop.NotFound(name)
	}
	if err == nil {
		err = p.client.RemoveObject(ctx, p.bucket, old, minio.RemoveObjectOptions{})
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

func status(err error) int {
	if err == nil {
		return 0
	}
	return minio.ToErrorResponse(err).StatusCode
}

func missing(err error) bool { return status(err) == http.StatusNotFound }

// unavailable tells what the store calls the error; its words may name what is secret.
func unavailable(err error) error {
	why := minio.ToErrorResponse(err).Code
	if errors.Is(err, context.DeadlineExceeded) || why == "" {
		why = "no answer"
	}
	return drop.Unavailable(why)
}
