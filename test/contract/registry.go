package contract

import (
	"context"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/ports"
	"surgicase/test/given"
)

// OpenRegistry opens a registry that knows these records.
type OpenRegistry func(t *testing.T, records ...npi.Record) ports.Registry

// Registry is the contract of ports.Registry.
func Registry(t *testing.T, open OpenRegistry) {
	t.Helper()
	somebody, place := person(1, "ROWENA", "O'TESTWELL", 1), company(2, "ST. MARY'S \"EXAMPLE\" HOSPITAL", 2)
	gone, back := person(3, "GIL", "GONE", 1), person(4, "BEA", "BACK", 1)
	gone.Deactivated = september(2)
	back.Deactivated, back.Reactivated = september(2), september(3)
	registry := open(t, somebody, place, gone, back)
	t.Run("a person and an organization come with name and address", func(t *testing.T) {
		for _, want := range []npi.Record{somebody, place, back} {
			got, age, err := registry.LookUp(t.Context(), want.NPI)
			if err != nil || age != 0 {
				t.Fatalf("%v, %v", age, err)
			}
			got.Deactivated, got.Reactivated = want.Deactivated, want.Reactivated // CMS does not tell
			equal(t, "record", got, want)
		}
	})
	t.Run("an unknown NPI is NotFound, and so is a deactivated one", func(t *testing.T) {
		for _, number := range []npi.NPI{given.NPIOf(99), gone.NPI} {
			_, _, err := registry.LookUp(t.Context(), number)
			refused(t, err, fault.NotFound, "npi_not_found")
		}
	})
	t.Run("twenty at once get their answers", func(t *testing.T) {
		for _, err := range together(20, func(int) error {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			_, _, err := registry.LookUp(ctx, somebody.NPI)
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("who gives up gets the error of his context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := registry.LookUp(ctx, given.NPIOf(98)); err == nil {
			t.Error("it was looked up all the same")
		}
	})
}
