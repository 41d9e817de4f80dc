package sap

import "github.com/countersign/countersign/platform/xmlread"

// answers bound the XML of one answer.
var answers = xmlread.Limits{Bytes: 4 << 20, Depth: 32, Parts: 200_000}

// readXML decodes an answer.
func readXML(text []byte, into any) error { return xmlread.Decode(text, into, answers) }
