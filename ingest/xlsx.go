package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"handrail/internal/errs"
)

// mostCells bounds the cells of a workbook, empty ones before the last of a row included: a row may name column 16,384
// alone.
const (
	mostCells = 2_000_000
	mostRows  = 200_000
)

// loadXLSX reads an Excel file. A sheet with columns of questions and answers is a list of pairs, as in CSV; of any other
// sheet each row is kept with the names of its columns, below the name of the sheet. Formulas are not computed.
func loadXLSX(body []byte) (p page, failed []string, err error) {
	a, err := openArchive(body)
	if err != nil {
		return page{}, nil, err
	}
	if err := a.checkSheets(); err != nil {
		return page{}, nil, err
	}
	// The two limits are equal, so that excelize puts no sheet into a file, which it could not create here.
	f, err := excelize.OpenReader(bytes.NewReader(body), excelize.Options{UnzipSizeLimit: mostUnpacked,
		UnzipXMLSizeLimit: mostUnpacked})
	if err != nil {
		return page{}, nil, xlsxError(err)
	}
	defer f.Close()
	w := &workbook{file: f, markdown: newMarkdown()}
	sheets := f.GetSheetList()
	for _, name := range sheets {
		if visible, err := f.GetSheetVisible(name); err == nil && !visible {
			continue
		}
		if err := w.sheet(name, len(sheets) > 1); err != nil {
			return page{}, nil, err
		}
	}
	p = w.page()
	if props, err := f.GetDocProps(); err == nil && props != nil {
		p.title = flat(tidy(canonical(props.Title)))
	}
	failed, err = w.bad.all(len(p.parts) > 0)
	return p, failed, err
}

func xlsxError(err error) error {
	if errors.Is(err, excelize.ErrWorkbookPassword) || errors.Is(err, excelize.ErrWorkbookFileFormat) {
		return errs.Wrap(err, errs.Invalid, "it is no Excel (.xlsx) file or protected by a password: save it as .xlsx without one")
	}
	return errs.Wrap(err, errs.Invalid, "its sheets are damaged: open it in Excel and save it again")
}

// checkSheets looks at the parts before excelize does, which trusts them more.
func (a *archive) checkSheets() error {
	if a.find("xl/workbook.xml") == nil {
		return errs.New(errs.Invalid, "it is no Excel (.xlsx) file, because its part xl/workbook.xml is missing: save it again "+
			"with the program that made it")
	}
	for _, f := range a.files {
		if !strings.HasSuffix(f.Name, ".xml") && !strings.HasSuffix(f.Name, ".rels") {
			continue
		}
		b, err := a.read(f, mostUnpacked)
		if err != nil {
			return err
		}
		if err := xmlPart(f.Name, b, false); err != nil {
			return err
		}
	}
	return nil
}

type workbook struct {
	*markdown
	file  *excelize.File
	bad   failures
	cells int
}

// sheet appends one sheet, row by row.
func (w *workbook) sheet(name string, titled bool) error {
	rows, err := w.file.Rows(name)
	if err != nil {
		return xlsxError(err)
	}
	defer rows.Close()
	w.group++
	sh := sheet{workbook: w, name: name, titled: titled}
	for line := 1; rows.Next(); line++ {
		cells, err := rows.Columns()
		if err != nil {
			return xlsxError(err)
		}
		if err := w.count(name, len(cells), line); err != nil {
			return err
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(canonical(cells[i]))
		}
		if strings.Join(cells, "") != "" {
			sh.row(cells, line)
		}
	}
	if sh.waiting != nil { // the only row
		sh.record(nil, sh.waiting)
	}
	return rows.Error()
}

// sheet is one sheet while it is read. Only the names of its columns are kept.
type sheet struct {
	*workbook
	name    string
	titled  bool     // the name has not been written yet
	cols    *columns // of questions and answers, nil in other sheets
	names   []string // of columns, nil before the first row
	waiting []string // the first row, as long as no other has come
}

func (sh *sheet) row(cells []string, line int) {
	if sh.names == nil && sh.cols == nil {
		if found, err := findColumns(cells, line); err == nil {
			sh.cols = found
			if found.header {
				return
			}
		}
	}
	switch {
	case sh.cols != nil:
		if reason := sh.markdown.row(cells, sh.cols, line); reason != "" {
			sh.bad.add(fmt.Sprintf("sheet %q, %s", clip(sh.name, 100), reason))
		}
	case sh.names == nil:
		sh.names, sh.waiting = flatAll(cells), cells
	default:
		sh.record(sh.names, cells)
	}
}

// record appends one row below the name of the sheet.
func (sh *sheet) record(names, cells []string) {
	if sh.titled {
		sh.heading(2, sh.name)
		sh.group++
	}
	sh.titled, sh.waiting = false, nil
	sh.join(row, record(names, flatAll(cells)))
}

func (w *workbook) count(sheet string, cells, line int) error {
	if w.cells += cells; w.cells > mostCells || line > mostRows {
		return errs.New(errs.TooLarge, "sheet %q goes beyond %d cells or %d rows: remove what is empty, or split it", clip(sheet, 100),
			mostCells, mostRows)
	}
	return nil
}

func flatAll(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = flat(tidy(c))
	}
	return out
}
