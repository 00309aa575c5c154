package contract_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"surgicase/adapters/cmsnpi"
	"surgicase/adapters/npifolder"
	"surgicase/bootstrap"
	"surgicase/domain/fault"
	"surgicase/ports"
	"surgicase/test/contract"
	"surgicase/test/given"
)

// npiFiles are the adapters of ports.NPIFiles.
var npiFiles = map[string]contract.OpenNPIFiles{
	"cms": func(t *testing.T, files map[string][]byte) ports.NPIFiles {
		site := given.StartNPPESSite(t)
		for name, content := range files {
			site.Publish(name, content)
		}
		return siteFiles(t, site)
	},
	"folder": func(t *testing.T, files map[string][]byte) ports.NPIFiles {
		folder := t.TempDir()
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return npifolder.Open(folder)
	},
}

func siteFiles(t *testing.T, site *given.NPPESSite) *cmsnpi.Files {
	t.Helper()
	files, err := cmsnpi.OpenFiles(cmsnpi.FilesConfig{URL: site.URL, Folder: filepath.Join(t.TempDir(), "npi")})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestNPIFiles(t *testing.T) {
	for _, name := range bootstrap.NPIFilesAdapters() {
		if npiFiles[name] == nil {
			t.Errorf("adapter %s is not held to the contract of its port", name)
		}
	}
	for name, open := range npiFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract.NPIFiles(t, open)
		})
	}
}

const weekly = "NPPES_Data_Dissemination_010526_011126_Weekly_V2.zip"

func fetched(t *testing.T, files ports.NPIFiles) ([]byte, error) {
	t.Helper()
	file, err := files.Fetch(t.Context(), weekly, nil)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
	return content, errors.Join(err, file.Close())
}

func TestABrokenDownloadGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	t.Run("at once, and after all attempts were used up", func(t *testing.T) {
		site := given.StartNPPESSite(t)
		site.Publish(weekly, content)
		site.Break(100_000, 200_000, 100_000, 50_000)
		files := siteFiles(t, site)
		if _, err := fetched(t, files); !errors.Is(err, fault.Upstream) || fault.CodeOf(err) != "npi_files_failed" {
			t.Fatalf("after four breaks: %v", err)
		}
		got, err := fetched(t, files)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if ranges := site.Ranges(); !slices.Equal(ranges, []string{"", "bytes=100000-", "bytes=300000-", "bytes=400000-", "bytes=450000-"}) {
			t.Errorf("asked for %q", ranges)
		}
	})
	t.Run("another file of the same name begins anew", func(t *testing.T) {
		site := given.StartNPPESSite(t)
		site.Publish(weekly, content)
		site.Break(400_000, 1, 1, 1)
		files := siteFiles(t, site)
		if _, err := fetched(t, files); err == nil {
			t.Fatal("it did not break")
		}
		other := bytes.Repeat([]byte("abcdefghij"), 60_000)
		site.Publish(weekly, other)
		if got, err := fetched(t, files); err != nil || !bytes.Equal(got, other) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
	t.Run("without a tag it begins anew", func(t *testing.T) {
		site := given.StartNPPESSite(t)
		site.Untag()
		site.Publish(weekly, content)
		site.Break(400_000)
		if got, err := fetched(t, siteFiles(t, site)); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if ranges := site.Ranges(); !slices.Equal(ranges, []string{"", ""}) {
			t.Errorf("asked for %q", ranges)
		}
	})
}

func TestTheSiteMisbehaves(t *testing.T) {
	for name, behave := range map[string]http.HandlerFunc{
		"is down":              replying(503, "text/plain", "down"),
		"forbids it":           replying(403, "text/plain", "no"),
		"sends an endless one": replying(200, "text/html", strings.Repeat("x", 5<<20)),
		"sends us elsewhere": func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, "http://127.0.0.1:1/nppes", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := given.StartNPPESSite(t)
			site.Behave(behave)
			if _, err := siteFiles(t, site).List(t.Context()); !errors.Is(err, fault.Upstream) || fault.CodeOf(err) != "npi_files_failed" {
				t.Errorf("got %v", err)
			}
		})
	}
}
