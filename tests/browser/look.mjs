// Questions about a page, asked inside the browser. Each function stands alone: it is sent there as text.

// WCAG 2.2, 1.4.3: contrast of every visible text with what is behind it, and what it needs to have.
export function contrasts() {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.body.querySelectorAll('*')) {
    const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join('')
      || element.value || '';
    if (!text || !element.checkVisibility() || element.type === 'hidden' || element.type === 'radio') continue;
    const style = getComputedStyle(element);
    const [a, b] = [luminance(numbers(style.color)), luminance(behind(element))];
    const px = parseFloat(style.fontSize);
    const large = px >= 24 || (px >= 18.66 && Number(style.fontWeight) >= 700);
    found.push({ text: text.slice(0, 40), ratio: Math.round((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) * 100) / 100,
      needed: large ? 3 : 4.5 });
  }
  return found;
}

// 1.4.10: what is wider than the window.
export function sidewaysScroll() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > width + 0.5)
    .map((e) => `${e.tagName} ${e.className} ${Math.round(e.getBoundingClientRect().right)}`);
}

// 2.5.8: controls smaller than 24 by 24 pixels that do not stand in a sentence.
export function smallTargets() {
  return [...document.querySelectorAll('a, button, summary, input, textarea')]
    .filter((e) => e.checkVisibility() && e.type !== 'hidden' && !e.closest('.skip') && !(e.tagName === 'A' && e.closest('p:not(.ways)')))
    .map((e) => ({ text: (e.innerText || e.id).slice(0, 40), box: e.getBoundingClientRect() }))
    .filter(({ box }) => box.width < 23.9 || box.height < 23.9)
    .map(({ text, box }) => `${text}: ${box.width} x ${box.height}`);
}

export function headings() {
  return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((e) => Number(e.tagName[1]));
}

// Controls without a label, and ids that stand twice.
export function unlabelled() {
  const controls = [...document.querySelectorAll('input:not([type=hidden]), textarea')]
    .filter((e) => !e.labels.length).map((e) => `no label: ${e.id || e.name}`);
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  return [...controls, ...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `twice: ${id}`)];
}
