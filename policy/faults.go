package policy

import "github.com/countersign/countersign/domain/fault"

func at(args ...string) []string { return append([]string{"file", "line", "column"}, args...) }

// Faults are what may be wrong with a policy, or keep it from making a plan. The
// arguments file, line and column say where in its text.
var Faults = fault.Register(map[string]fault.Entry{
	// found by Parse
	"policy.bad_id":              {Kind: fault.Invalid, Args: at("value")},
	"policy.bad_value":           {Kind: fault.Invalid, Args: at("value", "nearest", "known")},
	"policy.bad_amount":          {Kind: fault.Invalid, Args: at("value")},
	"policy.bad_currency":        {Kind: fault.Invalid, Args: at("value")},
	"policy.bad_duration":        {Kind: fault.Invalid, Args: at("value")},
	"policy.bad_number":          {Kind: fault.Invalid, Args: at("value", "min", "max")},
	"policy.bad_approver":        {Kind: fault.Invalid, Args: at("given", "known")},
	"policy.missing_title":       {Kind: fault.Invalid, Args: at("locale")},
	"policy.missing_otherwise":   {Kind: fault.Invalid, Args: at()},
	"policy.otherwise_without":   {Kind: fault.Invalid, Args: at()},
	"policy.timeout_without_due": {Kind: fault.Invalid, Args: at()},
	"policy.duplicate_step":      {Kind: fault.Invalid, Args: at("id", "first")},
	"policy.duplicate_value":     {Kind: fault.Invalid, Args: at("value")},
	"policy.too_many":            {Kind: fault.Invalid, Args: at("count", "max")},
	"policy.empty":               {Kind: fault.Invalid, Args: at()},
	"policy.not_in_version":      {Kind: fault.Invalid, Args: at("what")},
	"policy.bad_ratio":           {Kind: fault.Invalid, Args: at("value")},
	"policy.not_in_mode":         {Kind: fault.Invalid, Args: at("key", "mode")},
	"policy.climb_needs_all":     {Kind: fault.Invalid, Args: at("mode")},
	"policy.bad_band":            {Kind: fault.Invalid, Args: at("from", "below")},
	"policy.matrix_gap":          {Kind: fault.Invalid, Args: at("department", "category", "from", "below")},
	"policy.needs_each":          {Kind: fault.Invalid, Args: at("mode")},
	"policy.matrix_shadowed":     {Kind: fault.Invalid, Args: at("row")},
	// found by Check; bad_condition by Route as well
	"policy.bad_condition":      {Kind: fault.Invalid, Args: at("expression", "words")},
	"policy.unknown_role":       {Kind: fault.Invalid, Args: at("role", "nearest", "known")},
	"policy.unknown_person":     {Kind: fault.Invalid, Args: at("person")},
	"policy.inactive_person":    {Kind: fault.Invalid, Args: at("person")},
	"policy.unknown_field":      {Kind: fault.Invalid, Args: at("field", "type", "nearest")},
	"policy.not_a_person":       {Kind: fault.Invalid, Args: at("field", "type")},
	"policy.vacant_role":        {Kind: fault.Invalid, Args: at("role", "entity")},
	"policy.sole_holder":        {Kind: fault.Invalid, Args: at("role", "entity", "person")},
	"policy.crowded_role":       {Kind: fault.Invalid, Args: at("role", "entity", "count", "max")},
	"policy.short_chain":        {Kind: fault.Invalid, Args: at("level", "count", "people")},
	"policy.vacant_departments": {Kind: fault.Invalid, Args: at("count", "departments")},
	"policy.approve_on_timeout": {Kind: fault.Invalid, Args: at()},
	"policy.no_admin":           {Kind: fault.Invalid, Args: at("entity")},
	"policy.unused":             {Kind: fault.Invalid, Args: at("policy")},
	"policy.no_authorities":     {Kind: fault.Invalid, Args: at()},
	"policy.unknown_department": {Kind: fault.Invalid, Args: at("department", "nearest")},
	"policy.unknown_category":   {Kind: fault.Invalid, Args: at("category", "type", "nearest")},
	// found by Prove, with the request that shows it
	"policy.no_approver_found": {Kind: fault.Invalid, Args: at("step", "why")},
	"policy.queue_only":        {Kind: fault.Invalid, Args: at("step", "why")},
	"policy.falls_back":        {Kind: fault.Invalid, Args: at("step", "why")},
	"policy.band_gap":          {Kind: fault.Invalid, Args: at("step", "from", "to")},
	"policy.band_overlap":      {Kind: fault.Invalid, Args: at("step", "other", "from", "to")},
	"policy.never_needed":      {Kind: fault.Invalid, Args: at("step", "expression")},
	"policy.undecided":         {Kind: fault.Invalid, Args: at()},
	"policy.dead_end":          {Kind: fault.Invalid, Args: at("step", "code", "words")},
	"policy.not_independent":   {Kind: fault.Invalid, Args: at("step", "person")},
	"policy.twin_accounts":     {Kind: fault.Invalid, Args: at("step", "person", "other")},
	"policy.escalation_circle": {Kind: fault.Invalid, Args: at("step", "person")},
	"policy.approved_by_clock": {Kind: fault.Invalid, Args: at("step")},
	"policy.too_few_humans":    {Kind: fault.Invalid, Args: at("humans", "from")},
	"policy.unbooked":          {Kind: fault.Invalid, Args: at("category", "entity", "mapping")},
	// found by Route
	"policy.unknown_grade":      {Kind: fault.Invalid, Args: at("grade")},
	"policy.not_distinct":       {Kind: fault.Invalid, Args: []string{"step", "other"}},
	"policy.condition_failed":   {Kind: fault.Invalid, Args: at("step", "expression", "words")},
	"policy.no_rate":            {Kind: fault.Invalid, Args: []string{"from", "to"}},
	"policy.unknown_entity":     {Kind: fault.Invalid, Args: []string{"entity"}},
	"policy.too_many_approvers": {Kind: fault.Invalid, Args: []string{"step", "count", "max"}},
})
