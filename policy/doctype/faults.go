package doctype

import "github.com/countersign/countersign/domain/fault"

func at(args ...string) []string { return append([]string{"file", "line", "column"}, args...) }

// Faults are what may be wrong with a document type (type.*) and with a document
// or one of its lines (document.*, line.*).
var Faults = fault.Register(map[string]fault.Entry{
	"type.bad_value":     {Kind: fault.Invalid, Args: at("value", "known")},
	"type.missing_title": {Kind: fault.Invalid, Args: at("locale")},
	"type.duplicate":     {Kind: fault.Invalid, Args: at("value")},
	"type.options":       {Kind: fault.Invalid, Args: at("kind")},
	"type.not_for_kind":  {Kind: fault.Invalid, Args: at("key", "kind")},
	"type.standard_gap":  {Kind: fault.Invalid, Args: at()},
	"type.standard_dead": {Kind: fault.Invalid, Args: at()},

	"document.wrong_type":         {Kind: fault.Invalid, Args: []string{"type", "want"}},
	"document.missing":            {Kind: fault.Invalid},
	"document.text_too_long":      {Kind: fault.Invalid, Args: []string{"max"}},
	"document.bad_text":           {Kind: fault.Invalid},
	"document.bad_currency":       {Kind: fault.Invalid, Args: []string{"currency", "allowed"}},
	"document.bad_urgency":        {Kind: fault.Invalid, Args: []string{"urgency"}},
	"document.unknown_entity":     {Kind: fault.Invalid, Args: []string{"entity"}},
	"document.unknown_department": {Kind: fault.Invalid, Args: []string{"department"}},
	"document.unknown_person":     {Kind: fault.Invalid, Args: []string{"person"}},
	"document.unknown_supplier":   {Kind: fault.Invalid, Args: []string{"supplier"}},
	"document.wrong_payee":        {Kind: fault.Invalid, Args: []string{"want"}},
	"document.unknown_field":      {Kind: fault.Invalid, Args: []string{"field"}},
	"document.bad_choice":         {Kind: fault.Invalid, Args: []string{"value", "allowed"}},
	"document.bad_date":           {Kind: fault.Invalid, Args: []string{"value"}},
	"document.no_lines":           {Kind: fault.Invalid},
	"document.too_many_lines":     {Kind: fault.Invalid, Args: []string{"count", "max"}},
	"document.too_much":           {Kind: fault.Invalid, Args: []string{"max", "currency"}},
	"document.too_many_files":     {Kind: fault.Invalid, Args: []string{"count", "max"}},
	"document.needs_attachment":   {Kind: fault.Invalid},
	"document.bad_number":         {Kind: fault.Invalid, Args: []string{"value"}},
	"document.bad_pattern":        {Kind: fault.Invalid, Args: []string{"value", "pattern"}},
	"document.below_min":          {Kind: fault.Invalid, Args: []string{"value", "min"}},
	"document.above_max":          {Kind: fault.Invalid, Args: []string{"value", "max"}},
	"document.unknown_document":   {Kind: fault.Invalid, Args: []string{"number"}},
	"document.no_rate":            {Kind: fault.Invalid, Args: []string{"from", "to"}},

	"line.unknown_category": {Kind: fault.Invalid, Args: []string{"category", "allowed"}},
	"line.wrong_currency":   {Kind: fault.Invalid, Args: []string{"currency", "want"}},
	"line.not_positive":     {Kind: fault.Invalid},
	"line.negative_tax":     {Kind: fault.Invalid},
	"line.tax_too_high":     {Kind: fault.Invalid, Args: []string{"tax", "max"}},
	"line.bad_tax_rate":     {Kind: fault.Invalid, Args: []string{"allowed"}},
	"line.missing_date":     {Kind: fault.Invalid},
	"line.bad_date":         {Kind: fault.Invalid, Args: []string{"value"}},
	"line.future_date":      {Kind: fault.Invalid, Args: []string{"value", "today"}},
	"line.missing_city":     {Kind: fault.Invalid},
	"line.unknown_city":     {Kind: fault.Invalid, Args: []string{"city", "allowed"}},
	"line.missing_nights":   {Kind: fault.Invalid, Args: []string{"max"}},
	"line.missing_days":     {Kind: fault.Invalid, Args: []string{"max"}},
	"line.no_units":         {Kind: fault.Invalid},
	"line.over_standard":    {Kind: fault.Invalid, Args: []string{"limit", "over", "currency"}},
	"line.no_standard":      {Kind: fault.Invalid, Args: []string{"currency"}},
	"line.needs_invoice":    {Kind: fault.Invalid, Args: []string{"category"}},
})
