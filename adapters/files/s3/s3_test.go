package s3_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/adapters/files/filestest"
	"github.com/countersign/countersign/adapters/files/s3"
)

func TestStoreKeepsItsPromises(t *testing.T) {
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("attachments"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	s, err := s3.Open(files.Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "attachments", Prefix: "house/",
		Region: "us-east-1", AccessKey: "k", SecretKey: "s", Insecure: true,
	})
	require.NoError(t, err)
	filestest.Run(t, s)
}

func TestAMissingBucketIsNotReady(t *testing.T) {
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	t.Cleanup(server.Close)
	s, err := s3.Open(files.Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "nowhere", Region: "us-east-1",
		AccessKey: "k", SecretKey: "s", Insecure: true,
	})
	require.NoError(t, err)
	require.Error(t, s.Check(t.Context()))
}
