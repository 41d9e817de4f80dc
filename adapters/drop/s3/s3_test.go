package s3_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/droptest"
	"github.com/countersign/countersign/adapters/drop/s3"
	"github.com/countersign/countersign/domain/fault"
)

func TestABucketKeepsThePromises(t *testing.T) {
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("exchange"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	config := s3.Config{Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "exchange", Prefix: "/from/oa/",
		Region: "us-east-1", AccessKey: "k", SecretKey: "s", Plain: true}
	p, err := s3.Open(config)
	require.NoError(t, err)
	other, err := minio.New(config.Endpoint, &minio.Options{Creds: credentials.NewStaticV4("k", "s", ""), Region: config.Region})
	require.NoError(t, err)
	droptest.Run(t, p, func(path, content string) {
		_, err := other.PutObject(t.Context(), "exchange", "from/oa/"+path, strings.NewReader(content), int64(len(content)),
			minio.PutObjectOptions{})
		require.NoError(t, err)
	})
	config.Bucket = "nowhere"
	p, err = s3.Open(config)
	require.NoError(t, err)
	_, err = p.List(t.Context(), drop.Incoming)
	require.Equal(t, fault.Busy, fault.KindOf(err))
}
