package contract

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// OpenNPIFiles opens a place where these files are published.
type OpenNPIFiles func(t *testing.T, files map[string][]byte) ports.NPIFiles

// weeklyFile is a name under which the registry publishes.
const weeklyFile = "NPPES_Data_Dissemination_122925_010426_Weekly_V2.zip"

// NPIFiles is the contract of ports.NPIFiles.
func NPIFiles(t *testing.T, open OpenNPIFiles) {
	t.Helper()
	content := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
	t.Run("what is published is listed and comes whole, twice", func(t *testing.T) {
		files := open(t, map[string][]byte{weeklyFile: content, "NPPES_Deactivated_NPI_Report_011126_V2.zip": []byte("x")})
		names, err := files.List(t.Context())
		slices.Sort(names)
		if err != nil || !slices.Equal(names, []string{weeklyFile, "NPPES_Deactivated_NPI_Report_011126_V2.zip"}) {
			t.Fatalf("%q, %v", names, err)
		}
		for range 2 {
			var told int64
			file, err := files.Fetch(t.Context(), weeklyFile, func(done, of int64) {
				if done < told || (of >= 0 && done > of) {
					t.Errorf("told %d of %d after %d", done, of, told)
				}
				told = done
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
			if err != nil || !bytes.Equal(got, content) || file.Close() != nil {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		}
	})
	t.Run("nothing published is an empty list", func(t *testing.T) {
		names, err := open(t, nil).List(t.Context())
		if err != nil || names == nil || len(names) > 0 {
			t.Errorf("%q, %v", names, err)
		}
	})
	t.Run("a file that is not there is NotFound, and so is one elsewhere", func(t *testing.T) {
		files := open(t, nil)
		for _, name := range []string{weeklyFile, "../" + weeklyFile, "/etc/passwd", "", ".", "a\x00b", `..\x`} {
			_, err := files.Fetch(t.Context(), name, nil)
			refused(t, err, fault.NotFound, "npi_file_not_found")
		}
	})
	t.Run("forgetting is always possible", func(t *testing.T) {
		files := open(t, map[string][]byte{weeklyFile: content})
		file, err := files.Fetch(t.Context(), weeklyFile, nil)
		if err != nil || file.Close() != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := files.Forget(t.Context(), weeklyFile); err != nil {
				t.Error(err)
			}
		}
		if file, err = files.Fetch(t.Context(), weeklyFile, nil); err != nil || file.Close() != nil {
			t.Error(err)
		}
	})
}
