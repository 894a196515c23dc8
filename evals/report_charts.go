package evals

import (
	"fmt"
	"strings"
)

// plot is the drawing area that the charts of shares have in common, in pixels.
type plot struct {
	Width, Height            float64
	Left, Right, Top, Bottom float64
	Max                      float64 // value at the top; 0 is at the bottom
	Ticks                    []tick  // of the y axis
}

type tick struct {
	Y     float64
	Label string
}

// point is one measured value, for the drawing and for the table beside it.
type point struct {
	X, Y                   float64 // pixels
	Share, Value           float64
	N                      int
	From, To, Left, Height float64 // of a bar
}

func newPlot(height, top float64) plot {
	p := plot{Width: 400, Height: height, Left: 52, Right: 390, Top: 14, Bottom: height - 44, Max: top}
	for i := range 5 {
		v := top * float64(i) / 4
		p.Ticks = append(p.Ticks, tick{Y: p.y(v), Label: fmt.Sprintf("%.3g %%", 100*v)})
	}
	return p
}

// Middle is half way along the x axis, in pixels.
func (p plot) Middle() float64 { return (p.Left + p.Right) / 2 }

func (p plot) x(share float64) float64 { return p.Left + (p.Right-p.Left)*share }

func (p plot) y(v float64) float64 { return p.Bottom - (p.Bottom-p.Top)*min(v/p.Max, 1) }

// riskChart shows how much is wrong among the most confident share of the cases.
type riskChart struct {
	plot
	Points []point // Share: coverage, Value: risk
}

func newRiskChart(curve []Coverage) *riskChart {
	if len(curve) == 0 {
		return nil
	}
	worst := 0.0
	for _, c := range curve {
		worst = max(worst, 1-c.Accuracy)
	}
	top := 1.0
	for _, t := range []float64{.6, .4, .2, .08, .04} {
		if worst <= t {
			top = t
		}
	}
	chart := &riskChart{plot: newPlot(240, top)}
	for _, c := range curve {
		risk := 1 - c.Accuracy
		chart.Points = append(chart.Points, point{X: chart.x(c.Coverage), Y: chart.y(risk), Share: c.Coverage, Value: risk})
	}
	return chart
}

// Line is the curve as the points attribute of a polyline.
func (c riskChart) Line() string {
	var b strings.Builder
	for _, p := range c.Points {
		fmt.Fprintf(&b, "%.1f,%.1f ", p.X, p.Y)
	}
	return strings.TrimSpace(b.String())
}

// reliabilityChart compares what the confidence promised with what came true, in ten bins.
type reliabilityChart struct {
	plot
	Bars []point // Share: mean confidence, Value: share that was right
}

func newReliabilityChart(results []Result) *reliabilityChart {
	const bins = 10
	var conf, hit [bins]float64
	var n [bins]int
	total := 0
	for _, r := range results {
		if !predictsRight(r) {
			continue
		}
		b := min(int(r.Confidence*bins), bins-1)
		conf[b] += r.Confidence
		hit[b] += truth(r.Right)
		n[b]++
		total++
	}
	if total == 0 {
		return nil
	}
	chart := &reliabilityChart{plot: newPlot(300, 1)}
	for b := range bins {
		if n[b] == 0 {
			continue
		}
		p := point{From: float64(b) / bins, To: float64(b+1) / bins, Share: conf[b] / float64(n[b]), Value: hit[b] / float64(n[b]), N: n[b]}
		p.Left, p.X, p.Y = chart.x(p.From)+2, chart.x(p.Share), chart.y(p.Value)
		p.Height = chart.Bottom - p.Y
		chart.Bars = append(chart.Bars, p)
	}
	return chart
}

// BarWidth is the width of a bar, in pixels.
func (c reliabilityChart) BarWidth() float64 { return (c.Right-c.Left)/10 - 4 }

// BarMiddle is half of that.
func (c reliabilityChart) BarMiddle() float64 { return c.BarWidth() / 2 }
