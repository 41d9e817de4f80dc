package approval

import "github.com/countersign/countersign/domain/fault"

// Faults are the faults of an act. What plan.… says of a route stands in
// plan.failed and is shown, not answered.
var Faults = fault.Register(map[string]fault.Entry{
	"act.unknown":          {Kind: fault.Invalid, Args: []string{"act"}},
	"act.seen":             {Kind: fault.Conflict}, // the stored outcome is the answer
	"act.passkey_required": {Kind: fault.Forbidden, Status: unauthorized},
	"act.sign_in_again":    {Kind: fault.Forbidden, Status: unauthorized, Args: []string{"max_age", "acr_values"}},
	"act.person_only":      {Kind: fault.Forbidden}, // a fresh sign-in is asked for, and a machine has none
	"act.wrong_document":   {Kind: fault.Invalid},
	"act.bad_id":           {Kind: fault.Invalid},
	"act.bad_text":         {Kind: fault.Invalid}, // not UTF-8, or far too long
	"act.no_person":        {Kind: fault.Forbidden},
	"act.opinion_required": {Kind: fault.Invalid},
	"act.opinion_too_long": {Kind: fault.Invalid, Args: []string{"max"}},
	"act.hash_required":    {Kind: fault.Invalid},
	"act.bad_ruling":       {Kind: fault.Invalid, Args: []string{"ruling"}},
	"act.bad_date":         {Kind: fault.Invalid, Args: []string{"date"}},

	"task.unknown":    {Kind: fault.NotFound},
	"task.interested": {Kind: fault.Forbidden},
	"task.not_yours":  {Kind: fault.Forbidden},
	"task.twice":      {Kind: fault.Forbidden},
	"task.distinct":   {Kind: fault.Forbidden, Args: []string{"step"}},

	"task.too_few_humans": {Kind: fault.Conflict, Args: []string{"missing"}},

	"task.stale":   {Kind: fault.Conflict, Args: []string{"by", "at", "act"}},
	"task.closed":  {Kind: fault.Conflict},
	"task.changed": {Kind: fault.Conflict}, // open, but not of the round or content that was seen

	"document.stopped":          {Kind: fault.Conflict, Args: []string{"by"}},
	"document.not_stopped":      {Kind: fault.Conflict},
	"document.stopped_by_other": {Kind: fault.Forbidden, Args: []string{"by"}},
	"act.bad_extra":             {Kind: fault.Invalid, Args: []string{"extra"}},
	"task.no_deadline":          {Kind: fault.Conflict},
	"task.extended_enough":      {Kind: fault.Conflict, Args: []string{"max"}},

	"act.not_allowed":         {Kind: fault.Forbidden, Args: []string{"act"}},
	"act.bad_to":              {Kind: fault.Invalid},
	"act.to_interested":       {Kind: fault.Invalid, Args: []string{"person"}},
	"act.to_has_part":         {Kind: fault.Invalid, Args: []string{"person"}},
	"act.to_not_among":        {Kind: fault.Invalid, Args: []string{"person"}},
	"act.choice_required":     {Kind: fault.Invalid, Args: []string{"step", "step.en", "step.zh-CN"}},
	"act.bad_where":           {Kind: fault.Invalid, Args: []string{"where"}},
	"act.bad_back":            {Kind: fault.Invalid, Args: []string{"back"}},
	"step.not_passed":         {Kind: fault.Invalid, Args: []string{"step"}},
	"task.only_advice":        {Kind: fault.Forbidden},
	"task.awaits_signer":      {Kind: fault.Conflict, Args: []string{"who"}},
	"task.not_retractable":    {Kind: fault.Conflict},
	"signer.not_removable":    {Kind: fault.Conflict, Args: []string{"person"}},
	"document.too_many_tasks": {Kind: fault.Conflict, Args: []string{"max"}},
	"plan.bad_votes":          {Kind: fault.Invalid},
	"plan.no_quorum":          {Kind: fault.Invalid},

	"intervention.second_person": {Kind: fault.Forbidden},
	"intervention.own":           {Kind: fault.Forbidden, Args: []string{"maker"}},
	"intervention.interested":    {Kind: fault.Forbidden, Args: []string{"person"}},
	"intervention.too_late":      {Kind: fault.Conflict, Args: []string{"status"}},
	"task.intervened":            {Kind: fault.Forbidden},
	"step.no_target":             {Kind: fault.Invalid, Args: []string{"step"}},
	"step.beside":                {Kind: fault.Conflict, Args: []string{"step"}},
	"step.four_eyes":             {Kind: fault.Invalid, Args: []string{"step", "other"}},
	"act.to_intervener":          {Kind: fault.Invalid, Args: []string{"person"}},
	"document.not_pending":       {Kind: fault.Conflict, Args: []string{"status"}},
	"document.moved_on":          {Kind: fault.Conflict},

	"document.not_yours":       {Kind: fault.Forbidden},
	"document.not_returned":    {Kind: fault.Conflict, Args: []string{"status"}},
	"document.too_late":        {Kind: fault.Conflict, Args: []string{"status"}},
	"document.final":           {Kind: fault.Conflict, Args: []string{"status"}},
	"document.revision_stale":  {Kind: fault.Conflict, Args: []string{"expected"}},
	"document.too_many_rounds": {Kind: fault.Conflict, Args: []string{"max"}},
	"document.too_many_acts":   {Kind: fault.Conflict, Args: []string{"max"}},

	"voucher.not_parked":       {Kind: fault.Conflict},
	"voucher.resolve_stale":    {Kind: fault.Conflict},
	"voucher.unanswered":       {Kind: fault.Conflict},
	"voucher.too_many_rulings": {Kind: fault.Conflict, Args: []string{"max"}},

	"plan.not_failed":          {Kind: fault.Conflict},
	"plan.resolve_stale":       {Kind: fault.Conflict},
	"plan.too_many_rulings":    {Kind: fault.Conflict, Args: []string{"max"}},
	"plan.no_steps":            {Kind: fault.Invalid},
	"plan.nobody_asked":        {Kind: fault.Invalid},
	"plan.too_large":           {Kind: fault.Invalid},
	"plan.bad_step":            {Kind: fault.Invalid},
	"plan.no_approver":         {Kind: fault.Invalid},
	"plan.interested_approver": {Kind: fault.Invalid},
})
