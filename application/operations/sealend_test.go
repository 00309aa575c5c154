package operations_test

import "testing"

// An orderly end leaves nothing unsealed: what was passed over a moment ago is looked for once more,
// since nobody may come by for a while.
func TestAtTheEndASealerLooksIntoTheGapsAtOnce(t *testing.T) {
	everywhere(t, func(h *house) {
		s := h.sealer()
		h.record(1)
		h.works(s, true)
		commit := h.open()
		h.record(2)
		h.works(s, true)
		commit()
		h.verified(3, 1)
		if leads, err := s.Finish(h.Context()); err != nil || !leads {
			h.Fatal(leads, err)
		}
		h.verified(4, 0)
	})
}
