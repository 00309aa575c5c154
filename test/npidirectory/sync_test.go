package npidirectory

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"surgicase/adapters/cmsnpi"
	"surgicase/application/npidirectory"
	"surgicase/domain/fault"
	"surgicase/test/given"
	"surgicase/test/nppes"
)

func TestSyncAcrossANewYearAndAfterABrokenDownload(t *testing.T) {
	t.Parallel()
	site, folder := given.StartNPPESSite(t), filepath.Join(t.TempDir(), "npi")
	files, err := cmsnpi.OpenFiles(cmsnpi.FilesConfig{URL: site.URL, Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, files)
	if _, err := h.imports.Sync(t.Context(), operator, nil); fault.CodeOf(err) != "npi_no_files" {
		t.Errorf("nothing published: %v", err)
	}
	week := func(name string, first int, updated string) {
		site.Publish("NPPES_Data_Dissemination_"+name+"_Weekly_V2.zip", zipOf(t, nppes.Spec{Rows: 150, First: first, Seed: 9, Updated: updated}))
	}
	var report bytes.Buffer
	if err := nppes.WriteReportZIP(&report, [][2]string{{nppes.Number(5), "12/30/2025"}}, false); err != nil {
		t.Fatal(err)
	}
	week("122925_010426", 100, "01/04/2026") // sorts last by name
	week("122225_122825", 0, "12/28/2025")
	site.Publish("NPPES_Data_Dissemination_January_2026_V2.zip", []byte("the full file is not for a sync"))
	site.Publish("NPPES_Deactivated_NPI_Report_011126_V2.zip", report.Bytes())
	synced := func() (names []string) {
		t.Helper()
		heard := 0
		done, err := h.imports.Sync(t.Context(), operator, func(npidirectory.Progress) { heard++ })
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range done {
			names = append(names, strings.TrimPrefix(one.File.Name, "NPPES_"))
		}
		if len(done) > 0 && heard == 0 {
			t.Error("nobody was told")
		}
		return names
	}
	want := []string{"Data_Dissemination_122225_122825_Weekly_V2.zip", "Data_Dissemination_122925_010426_Weekly_V2.zip", "Deactivated_NPI_Report_011126_V2.zip"}
	if got := synced(); !slices.Equal(got, want) {
		t.Errorf("loaded %q", got)
	}
	if got := synced(); len(got) > 0 {
		t.Errorf("loaded again: %q", got)
	}

	site.Publish("NPPES_Data_Dissemination_010526_011126_Weekly_V2.zip", []byte("PK, and then nothing of a ZIP"))
	week("011226_011826", 300, "01/18/2026")
	done, err := h.imports.Sync(t.Context(), operator, nil)
	if !errors.Is(err, fault.Invalid) || len(done) != 1 || !strings.Contains(done[0].File.Name, "011226_011826") {
		t.Errorf("a spoiled week keeps back those after it: %v, %v", done, err)
	}

	week("010526_011126", 200, "01/11/2026")
	site.Break(3000, 1, 1, 1)
	if _, err := h.imports.Sync(t.Context(), operator, nil); !errors.Is(err, fault.Upstream) {
		t.Errorf("a broken download: %v", err)
	}
	if got := synced(); !slices.Equal(got, []string{"Data_Dissemination_010526_011126_Weekly_V2.zip"}) {
		t.Errorf("loaded %q", got)
	}
	if ranges := site.Ranges(); ranges[len(ranges)-1] == "" {
		t.Errorf("the download began anew: %q", ranges)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
