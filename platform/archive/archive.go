// Package archive looks into ZIP archives that come from outside, such as workbooks,
// before anybody else does: what would fill memory, overwrite itself or leave its folder
// is refused whole.
package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Limits is what an archive may have at most.
type Limits struct {
	Entries int
	Bytes   int64 // of everything in it, unpacked
	Ratio   int64 // bytes unpacked for one packed, of each entry that is larger than ratioFree
}

// ratioFree is how large an entry may be however well it is packed: a page of one letter
// is no bomb.
const ratioFree = 1 << 20

// Workbook is enough for any workbook that people or programs exchange.
func Workbook() Limits { return Limits{Entries: 2000, Bytes: 128 << 20, Ratio: 200} }

// Invoice is enough for an OFD, an electronic invoice with its picture.
func Invoice() Limits { return Limits{Entries: 1000, Bytes: 64 << 20, Ratio: 200} }

// Check unpacks everything once into nothing, so that no header is believed.
//
// Errors: in words that name the entry.
func Check(packed io.ReaderAt, size int64, most Limits) error {
	z, err := zip.NewReader(packed, size)
	if err != nil {
		return err
	}
	if len(z.File) > most.Entries {
		return fmt.Errorf("more than %d entries", most.Entries)
	}
	seen, left := map[string]bool{}, most.Bytes
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		if !fs.ValidPath(name) || strings.Contains(name, `\`) {
			return fmt.Errorf("the entry %q leads out of the archive", f.Name)
		}
		folded := strings.ToLower(name)
		if seen[folded] {
			return fmt.Errorf("the entry %q is there twice", f.Name)
		}
		seen[folded] = true
		if f.Mode()&^fs.ModePerm&^fs.ModeDir != 0 || f.Flags&1 != 0 {
			return fmt.Errorf("the entry %q is a link, or encrypted", f.Name)
		}
		n, err := unpacked(f, left)
		if err != nil {
			return fmt.Errorf("the entry %q: %w", f.Name, err)
		}
		if n > ratioFree && n/max(1, int64(f.CompressedSize64)) > most.Ratio { //nolint:gosec // a length in memory
			return fmt.Errorf("the entry %q unpacks to more than %d times its size", f.Name, most.Ratio)
		}
		left -= n
	}
	return nil
}

func unpacked(f *zip.File, most int64) (int64, error) {
	r, err := f.Open()
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r, most+1))
	if err = errors.Join(err, r.Close()); err == nil && n > most {
		err = errors.New("unpacks to more than is allowed")
	}
	return n, err
}
