package e2e

import (
	"net/http"
	"net/url"
	"regexp"

	"github.com/stretchr/testify/require"
)

// proposed is published by two people over HTTP: what one of them checked and
// proposed the other reads and approves, both are told by letter, and of the
// documents under way it can be seen what it would do to them.
func (s *scene) proposed() {
	const id = "project_initiation"
	var inForce, after struct {
		YAML    string
		Version int
	}
	_, err := s.as("liu").Call(s.ctx, http.MethodGet, "/policies/"+id, "", nil, &inForce)
	require.NoError(s, err)
	yaml := regexp.MustCompile(`at_most: \d`).ReplaceAllString(inForce.YAML, "at_most: 9")
	require.NotEqual(s, inForce.YAML, yaml)

	var check struct {
		Fit     bool
		Changes []struct{ Text string }
	}
	_, err = s.as("liu").Call(s.ctx, http.MethodPost, "/policies/policy/"+id+"/check", s.key(), map[string]any{"yaml": yaml}, &check)
	require.NoError(s, err)
	require.True(s, check.Fit)
	require.NotEmpty(s, check.Changes)
	var p struct{ ID, Hash, State string }
	body := map[string]any{"yaml": yaml, "note": "remind longer"}
	_, err = s.as("liu").Call(s.ctx, http.MethodPost, "/policies/policy/"+id+"/proposals", s.key(), body, &p)
	require.NoError(s, err)
	verdict := map[string]any{"hash": p.Hash}
	_, err = s.as("liu").Call(s.ctx, http.MethodPost, "/proposals/"+p.ID+"/approve", s.key(), verdict, nil)
	s.refused(err, http.StatusForbidden, "proposal.own")

	var review struct {
		Proposal   struct{ Hash string }
		NoApproval any `json:"no_approval"`
	}
	_, err = s.as("max").Call(s.ctx, http.MethodGet, "/proposals/"+p.ID+"/review", "", nil, &review)
	require.NoError(s, err)
	require.Nil(s, review.NoApproval)
	require.Equal(s, p.Hash, review.Proposal.Hash)
	_, err = s.as("max").Call(s.ctx, http.MethodPost, "/proposals/"+p.ID+"/approve", s.key(), verdict, &p)
	require.NoError(s, err)
	require.Equal(s, "approved", p.State)
	_, err = s.as("lin").Call(s.ctx, http.MethodGet, "/policies/"+id, "", nil, &after)
	require.NoError(s, err)
	require.Equal(s, inForce.Version+1, after.Version)
	require.Equal(s, yaml, after.YAML)
	var preview struct {
		Version int
		Counts  struct{ Documents int }
	}
	query := url.Values{"policy": {id}}
	_, err = s.as("max").Call(s.ctx, http.MethodGet, "/replans?"+query.Encode(), "", nil, &preview)
	require.NoError(s, err)
	require.Equal(s, after.Version, preview.Version)
	require.Eventually(s, func() bool {
		return s.count(`SELECT count(*) FROM notices WHERE data ->> 'proposal' = $1 AND sent_at IS NOT NULL
			AND (kind, person) IN (('proposal.made', 'max'), ('proposal.made', 'admin'), ('proposal.approved', 'liu'))`, p.ID) == 3
	}, patience, 10*look, "everybody concerned gets a letter")
	require.Zero(s, s.count(`SELECT count(*) FROM notices WHERE data ->> 'proposal' = $1 AND (kind, person) = ('proposal.made', 'liu')`,
		p.ID))
}
