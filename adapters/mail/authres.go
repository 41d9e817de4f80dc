package mail

import "strings"

// A field Authentication-Results (RFC 8601) holds what strangers wrote: an envelope sender
// may be a quoted string with anything in it. So it is read token by token, with its
// quotes and comments, and never searched.

// authenticated is what one such field says.
type authenticated struct {
	server  string // who says it: the authserv-id
	results []authResult
}

// authResult is what one method found.
type authResult struct {
	method, value string            // dkim, pass
	properties    map[string]string // header.d and the like
}

// readAuthenticated reads a field's value; false for what is no such field.
//
//	authserv-id [ version ] ; method [ / version ] = value [ reason = … ] [ ptype . property = … ]… ; …
func readAuthenticated(value string) (authenticated, bool) {
	groups, ok := authTokens(value)
	if !ok || len(groups[0]) == 0 || len(groups[0]) > 2 || len(groups[0]) == 2 && groups[0][1].text != "1" {
		return authenticated{}, false
	}
	a := authenticated{server: groups[0][0].text}
	for _, tokens := range groups[1:] {
		var r authResult
		for i := 0; i+2 < len(tokens); i += 3 { // name = value, again and again
			name, is, said := tokens[i], tokens[i+1], tokens[i+2]
			if name.quoted || is.quoted || is.text != "=" || !said.quoted && said.text == "=" {
				return authenticated{}, false
			}
			key := strings.ToLower(name.text)
			if r.method == "" {
				r.method, _, _ = strings.Cut(key, "/")
				r.value, r.properties = strings.ToLower(said.text), map[string]string{}
				continue
			}
			if _, twice := r.properties[key]; twice {
				return authenticated{}, false
			}
			r.properties[key] = said.text
		}
		none := len(tokens) == 1 && strings.EqualFold(tokens[0].text, "none")
		if len(tokens)%3 != 0 && !none {
			return authenticated{}, false
		}
		if r.method != "" {
			a.results = append(a.results, r)
		}
	}
	return a, true
}

type authToken struct {
	text   string
	quoted bool
}

// authTokens parts a value at its semicolons, and each part into words, quoted strings and
// equals signs; false where a quote or a comment has no end.
func authTokens(value string) (groups [][]authToken, ok bool) {
	groups = [][]authToken{nil}
	last := func() *[]authToken { return &groups[len(groups)-1] }
	for i := 0; i < len(value); {
		switch c := value[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == ';':
			groups = append(groups, nil)
			i++
		case c == '=':
			*last() = append(*last(), authToken{text: "="})
			i++
		case c == '(':
			after, closed := skipComment(value, i)
			if !closed {
				return nil, false
			}
			i = after
		case c == '"':
			text, after, closed := readQuoted(value, i)
			if !closed {
				return nil, false
			}
			*last() = append(*last(), authToken{text: text, quoted: true})
			i = after
		default:
			end := i
			for end < len(value) && strings.IndexByte(" \t\r\n;=(\"", value[end]) < 0 {
				end++
			}
			// A local part may be quoted, with its domain behind: one value.
			*last() = append(*last(), authToken{text: value[i:end]})
			i = end
		}
	}
	return groups, true
}

func skipComment(value string, i int) (after int, closed bool) {
	depth := 0
	for ; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
	}
	return i, false
}

func readQuoted(value string, i int) (text string, after int, closed bool) {
	var b strings.Builder
	for i++; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			return b.String(), i + 1, true
		case c == '\\' && i+1 < len(value):
			i++
			b.WriteByte(value[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", i, false
}
