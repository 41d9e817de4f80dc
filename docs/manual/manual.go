// Package manual is the manual for people, the same chapters in both languages. A
// chapter is one file: its title, a word on whom it is for, and sections, each with
// a name that links lead to.
package manual

import "embed"

// Files are the chapters, in a folder for each language.
//
//go:embed en/*.md zh-CN/*.md
var Files embed.FS

// Chapters are the names of the chapters, in the order of reading.
var Chapters = []string{"employees", "approvers", "finance", "administrators", "auditors"}
