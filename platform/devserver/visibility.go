package main

import (
	"context"
	"fmt"

	"github.com/lib/pq"
)

// spareIndexes are the indexes of Temporal's visibility table that nobody here searches by. The table has 74, each of
// them is written at every start, close and change of search attributes, and together they are most of what a waiting
// workflow costs on disk. What is left serves the web UI's lists and the product's own attributes; a search by anything
// else still works, by reading the namespace's rows.
var spareIndexes = []string{
	"by_batcher_user", "by_binary_checksums", "by_bool_02", "by_bool_03", "by_build_ids", "by_datetime_02",
	"by_datetime_03", "by_double_01", "by_double_02", "by_double_03", "by_execution_duration", "by_history_length",
	"by_history_size_bytes", "by_int_01", "by_int_02", "by_int_03", "by_keyword_07", "by_keyword_08", "by_keyword_09",
	"by_keyword_10", "by_keyword_list_03", "by_parent_run_id", "by_parent_workflow_id", "by_root_run_id",
	"by_root_workflow_id", "by_state_transition_count", "by_temporal_bool_01", "by_temporal_bool_02",
	"by_temporal_datetime_01", "by_temporal_datetime_02", "by_temporal_double_01", "by_temporal_double_02",
	"by_temporal_external_payload_count", "by_temporal_external_payload_size_bytes", "by_temporal_int_01",
	"by_temporal_int_02", "by_temporal_keyword_01", "by_temporal_keyword_02", "by_temporal_keyword_03",
	"by_temporal_keyword_04", "by_temporal_keyword_list_01", "by_temporal_keyword_list_02",
	"by_temporal_low_cardinality_keyword_01", "by_temporal_pause_info", "by_temporal_scheduled_start_time",
	"by_temporal_worker_deployment", "by_temporal_worker_deployment_version",
	"by_temporal_workflow_versioning_behavior", "by_text_01", "by_text_02", "by_text_03", "by_used_deployment_versions",
}

// trimVisibility drops the spare indexes. Safe to repeat.
func (a address) trimVisibility(ctx context.Context, database string) error {
	db, err := a.open(database)
	if err != nil {
		return fmt.Errorf("open %s: %w", database, err)
	}
	defer db.Close()
	for _, index := range spareIndexes {
		if _, err := db.ExecContext(ctx, `DROP INDEX IF EXISTS `+pq.QuoteIdentifier(index)); err != nil {
			return fmt.Errorf("drop index %s: %w", index, err)
		}
	}
	return nil
}
