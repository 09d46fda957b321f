package report

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"slices"
	"testing"

	"bucketwatch/internal/chromium"
)

var screenshots = flag.Bool("screenshots", false, "take the pictures of README anew; needs Chromium")

// pictures are README's: the page of the vanished images, which make demo tells of.
var pictures = []struct {
	file string
	view chromium.View
}{
	{"../../docs/report.png", laptop},
	{"../../docs/report-dark.png", dark(laptop)},
}

// pictureHeight is where a picture is cut off: below the charts of the bucket that the images vanished from.
const pictureHeight = 2080

func TestBrowserScreenshots(t *testing.T) {
	if !*screenshots {
		t.Skip("make screenshots takes the pictures")
	}
	browser := chromium.Start(t)
	for _, p := range pictures {
		shot := opened(t, browser, vanished(t), p.view).Picture(float64(p.view.Width), pictureHeight)
		if err := os.WriteFile(p.file, reduced(t, shot), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// reduced is a picture with 256 colours, which make it half as large: those that it has most of, of such as are alike one.
func reduced(t *testing.T, shot []byte) []byte {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.RGBA]int{}
	var colors []color.RGBA
	area := picture.Bounds()
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			if count[c]++; count[c] == 1 {
				colors = append(colors, c)
			}
		}
	}
	slices.SortStableFunc(colors, func(a, b color.RGBA) int { return count[b] - count[a] })
	var palette color.Palette
	for _, c := range colors {
		if len(palette) < 256 && !slices.ContainsFunc(palette, func(o color.Color) bool { return alike(c, o.(color.RGBA)) }) {
			palette = append(palette, c)
		}
	}
	small := image.NewPaletted(area, palette)
	draw.Draw(small, area, picture, area.Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func alike(a, b color.RGBA) bool {
	off := func(x, y uint8) int { return max(int(x), int(y)) - min(int(x), int(y)) }
	return off(a.R, b.R)+off(a.G, b.G)+off(a.B, b.B) < 16
}

// README shows the pictures: they must be there, and no larger than a page may be that shows them.
func TestPicturesAreThere(t *testing.T) {
	for _, p := range pictures {
		picture, err := os.ReadFile(p.file)
		if err != nil {
			t.Errorf("%v: make screenshots takes it", err)
			continue
		}
		size, err := png.DecodeConfig(bytes.NewReader(picture))
		if err != nil || int64(size.Width) != p.view.Width || size.Height != pictureHeight || len(picture) > 250_000 {
			t.Errorf("%s is %d × %d, %d bytes, %v, want %d × %d and 250 kB at the most", p.file, size.Width, size.Height, len(picture), err, p.view.Width, pictureHeight)
		}
	}
}
