package dynamo

import "context"

// drawing is a snapshot that is being written, part by part, so that a failure costs one part.
type drawing struct {
	of      *wish
	pointer pointer
	part    int // the next one
}

// finish settles the first wish of a line, whose records are all stored, once its snapshot is, too. It is left out where
// a later one is there or about to be.
func (a *Archive) finish(ctx context.Context, l *line, wishes []*wish) error {
	w := wishes[0]
	if len(w.snapshot) == 0 || outdated(wishes[1:]) {
		a.lines.settle(l, nil)
		return nil
	}
	if l.drawing == nil || l.drawing.of != w {
		newest, err := a.table.pointer(ctx, l.key)
		if err != nil {
			return err
		}
		if newest.at >= w.last.Offset {
			a.lines.settle(l, nil)
			return nil
		}
		l.drawing = &drawing{of: w, pointer: newPointer(w.last.Offset, w.snapshot)}
	}
	return a.draw(ctx, l, l.drawing)
}

// outdated says whether a snapshot of a later moment can be written already.
func outdated(later []*wish) bool {
	for _, w := range later {
		if len(w.records) > 0 || w.claim != nil {
			return false
		}
		if len(w.snapshot) > 0 {
			return true
		}
	}
	return false
}

// draw writes the next part of a snapshot, or the pointer to it.
func (a *Archive) draw(ctx context.Context, l *line, d *drawing) error {
	if d.part < d.pointer.parts {
		if err := a.table.putPart(ctx, l.key, d.pointer, d.part, d.of.snapshot); err != nil {
			return err
		}
		d.part++
		return nil
	}
	if err := a.table.move(ctx, l.key, d.pointer); err != nil {
		return err
	}
	a.metrics.drew(len(d.of.snapshot))
	l.drawing = nil
	a.lines.settle(l, nil)
	if err := a.table.sweep(ctx, l.key, d.pointer.at); err != nil {
		a.metrics.unswept.Inc() // the next sweep finds them
	}
	return nil
}
