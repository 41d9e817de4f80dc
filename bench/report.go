package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

// side is what was measured of ours or of the floor.
type side struct {
	timings
	documents int
	mails     int
	wall      time.Duration
	cpu       map[string]time.Duration // by process
	memory    map[string]int64         // bytes, the most seen
}

// measure runs the load between two readings of every process's CPU.
func (m *measurement) measure(ctx context.Context, s *side, own []string, load func(*timings) error) error {
	before, err := m.cpu(ctx, own)
	if err != nil {
		return err
	}
	mails, began := m.house.stack.Mailbox.Count(), time.Now()
	if err := load(&s.timings); err != nil {
		return err
	}
	s.wall += time.Since(began)
	after, err := m.cpu(ctx, own)
	if err != nil {
		return err
	}
	if s.cpu == nil {
		s.cpu, s.memory = map[string]time.Duration{}, map[string]int64{}
	}
	for name := range after {
		s.cpu[name] += after[name] - before[name]
	}
	for _, name := range own {
		if bytes, err := memoryOf(m.house.pid(name)); err == nil {
			s.memory[name] = max(s.memory[name], bytes)
		}
	}
	s.mails += m.house.stack.Mailbox.Count() - mails
	s.documents += m.options.Documents
	return nil
}

// cpu is what a side used so far, without what it costs to watch it.
func (m *measurement) cpu(ctx context.Context, own []string) (map[string]time.Duration, error) {
	used, err := m.house.cpu(own)
	if err != nil {
		return nil, err
	}
	watching, err := m.watch.cpu(ctx)
	used["postgres"] -= watching
	return used, err
}

func (h *house) pid(name string) int {
	switch name {
	case "temporal":
		return h.stack.Temporal.PID()
	case "postgres":
		return h.stack.Postgres.PID()
	case "floor":
		return h.floor.process.PID()
	default:
		return h.running[name].PID()
	}
}

// cpu reads the CPU time of the servers and of one side's own processes.
func (h *house) cpu(own []string) (map[string]time.Duration, error) {
	read := map[string]time.Duration{}
	for _, name := range append([]string{"temporal", "postgres"}, own...) {
		used, err := cpuOf(h.pid(name))
		if err != nil {
			return nil, fmt.Errorf("reading the CPU time of %s: %w", name, err)
		}
		read[name] = used
	}
	return read, nil
}

func (s *side) total() time.Duration {
	var sum time.Duration
	for _, used := range s.cpu {
		sum += used
	}
	return sum
}

// perDocument is CPU time per document, in milliseconds.
func (s *side) perDocument(used time.Duration) float64 {
	return float64(used.Microseconds()) / 1000 / float64(s.documents)
}

func (m *measurement) report(ctx context.Context) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: m.house.stack.TemporalAddress(), Logger: quiet{}})
	if err != nil {
		return fmt.Errorf("reaching Temporal: %w", err)
	}
	defer c.Close()
	ours, err := events(ctx, c, m.last)
	if err != nil {
		return err
	}
	floor, err := events(ctx, c, m.lastFlo)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(m.options.Out, 0, 4, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(out, strings.Join(cells, "\t")) }
	row("", "countersign", "floor")
	row("documents", fmt.Sprint(m.ours.documents), fmt.Sprint(m.floor.documents))
	row("begun a second, at most", begun(m.options.Pace), begun(m.options.Pace))
	row("clients at once", fmt.Sprint(m.options.Clients), fmt.Sprint(m.options.Clients))
	row("documents/s", speed(m.ours), speed(m.floor))
	for _, name := range []string{"temporal", "postgres", "gateway", "worker", "relay", "floor"} {
		row("CPU-ms/document: "+name, cell(m.ours, name), cell(m.floor, name))
	}
	row("CPU-ms/document: all", fmt.Sprintf("%.1f", m.ours.perDocument(m.ours.total())),
		fmt.Sprintf("%.1f", m.floor.perDocument(m.floor.total())))
	row("submit p50 / p99", waits(m.ours.submits), waits(m.floor.submits))
	row("decide p50 / p99", waits(m.ours.decides), waits(m.floor.decides))
	row("mails/document", fmt.Sprintf("%.1f", perEach(m.ours)), fmt.Sprintf("%.1f", perEach(m.floor)))
	row("history events", fmt.Sprint(sum(ours)), fmt.Sprint(sum(floor)))
	for _, kind := range sortedNames(union(ours, floor)) {
		row("  "+kind, fmt.Sprint(ours[kind]), fmt.Sprint(floor[kind]))
	}
	for _, name := range []string{"gateway", "worker", "relay"} {
		row("memory MiB: "+name, fmt.Sprintf("%.0f", float64(m.ours.memory[name])/(1<<20)), "")
	}
	if err := out.Flush(); err != nil {
		return err
	}
	ratio := m.ours.perDocument(m.ours.total()) / m.floor.perDocument(m.floor.total())
	_, err = fmt.Fprintf(m.options.Out, "cpu ratio %.2f\n", ratio)
	return err
}

// events counts the events of one history by kind.
func events(ctx context.Context, c client.Client, id string) (map[string]int, error) {
	counts := map[string]int{}
	history := c.GetWorkflowHistory(ctx, id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return nil, fmt.Errorf("reading the history of %s: %w", id, err)
		}
		counts[event.GetEventType().String()]++
	}
	return counts, nil
}

func perEach(s *side) float64 { return float64(s.mails) / float64(s.documents) }

func speed(s *side) string { return fmt.Sprintf("%.1f", float64(s.documents)/s.wall.Seconds()) }

func begun(a float64) string {
	if a == 0 {
		return "-"
	}
	return fmt.Sprintf("%g", a)
}

func cell(s *side, name string) string {
	used, there := s.cpu[name]
	if !there {
		return ""
	}
	return fmt.Sprintf("%.1f", s.perDocument(used))
}

func waits(sample []time.Duration) string {
	return fmt.Sprintf("%.0f / %.0f ms", float64(percentile(sample, 50).Microseconds())/1000,
		float64(percentile(sample, 99).Microseconds())/1000)
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sum(counts map[string]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

func union(a, b map[string]int) map[string]int {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}
