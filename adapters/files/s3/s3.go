// Package s3 keeps attachments in an object store that speaks S3.
package s3

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/domain/fault"
)

// Store keeps each file as one object of a bucket.
type Store struct {
	client *minio.Client
	bucket string
	prefix string
}

// Open makes the client. The bucket must exist: who may make buckets is not ours
// to decide, and /readyz says so where it is missing.
func Open(c files.Config) (files.Store, error) {
	if c.Bucket == "" || c.Endpoint == "" {
		return nil, errors.New("files.endpoint and files.bucket are needed for s3")
	}
	options := &minio.Options{Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Secure: !c.Insecure,
		Region: c.Region}
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
	return &Store{client: client, bucket: c.Bucket, prefix: c.Prefix}, nil
}

// Put uploads an object in one request; it is whole or not there.
func (s *Store) Put(ctx context.Context, key string, content io.Reader, size int64) error {
	if !files.ValidKey(key) {
		return fault.New(fault.Internal, "file.unavailable")
	}
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true}
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+key, io.LimitReader(content, size), size, options)
	if err != nil {
		return unavailable("put", err)
	}
	return nil
}

// Open reads an object.
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if !files.ValidKey(key) {
		return nil, files.NotFound()
	}
	object, err := s.client.GetObject(ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, unavailable("get", err)
	}
	if _, err := object.Stat(); err != nil {
		_ = object.Close() // nothing was read
		if minio.ToErrorResponse(err).StatusCode == http.StatusNotFound {
			return nil, files.NotFound()
		}
		return nil, unavailable("get", err)
	}
	return object, nil
}

// Delete removes an object.
func (s *Store) Delete(ctx context.Context, key string) error {
	if !files.ValidKey(key) {
		return nil
	}
	err := s.client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).StatusCode != http.StatusNotFound {
		return unavailable("remove", err)
	}
	return nil
}

// Check looks whether the bucket is there.
func (s *Store) Check(ctx context.Context) error {
	there, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return unavailable("check", err)
	}
	if !there {
		return unavailable("check", errors.New("the bucket "+s.bucket+" does not exist"))
	}
	return nil
}

func unavailable(what string, err error) error {
	slog.Error("files in s3", "while", what, "error", err)
	return fault.New(fault.Busy, "file.unavailable")
}
