package document

// Origin is where a document comes from that another system had made: which source, and
// what it is called there. The zero value is a document that a person wrote. 来源单据
type Origin struct {
	Source    string `json:"source"`
	Reference string `json:"reference"`
}
