package command

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

const (
	progressWidth = 40
	progressPause = 200 * time.Millisecond // between two pictures on a terminal
	progressSteps = 10                     // lines in a log
)

// progress shows how far something long has come: a bar on a terminal, a line at
// every tenth elsewhere.
type progress struct {
	out      io.Writer
	total    int
	terminal bool
	began    time.Time
	shown    time.Time
	done     int
	tenths   int
}

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, total: total, began: time.Now()}
	if file, ok := out.(*os.File); ok {
		stat, err := file.Stat()
		p.terminal = err == nil && stat.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// show tells how many are done; total is the most there can be.
func (p *progress) show(done int) {
	p.done = done
	if p.terminal {
		if time.Since(p.shown) >= progressPause {
			p.draw(done, p.total)
		}
		return
	}
	if tenths := done * progressSteps / p.total; tenths > p.tenths {
		p.tenths = tenths
		fmt.Fprintf(p.out, "%d / %d\n", done, p.total)
	}
}

func (p *progress) draw(done, total int) {
	p.shown = time.Now()
	filled := progressWidth
	if total > 0 {
		filled = min(progressWidth, done*progressWidth/total)
	}
	bar := strings.Repeat("█", filled) + strings.Repeat("░", progressWidth-filled)
	fmt.Fprintf(p.out, "\r[%s] %d / %d", bar, done, total)
}

// end says how many there were and how long it took.
func (p *progress) end() {
	if p.terminal {
		p.draw(p.done, p.done)
		fmt.Fprintln(p.out)
	}
	fmt.Fprintf(p.out, "%d, %s\n", p.done, time.Since(p.began).Round(time.Millisecond))
}
