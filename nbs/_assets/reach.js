// A box that scrolls must be reached by keys: it gets a stop while there is more in it than shows.
(function () {
  var boxes = "pre, .pst-scrollable-table-container, .cell_output .output, div.math, .bd-sidebar-secondary";
  function stop(box) {
    var style = getComputedStyle(box), more =
      (box.scrollWidth > box.clientWidth && /auto|scroll/.test(style.overflowX)) ||
      (box.scrollHeight > box.clientHeight && /auto|scroll/.test(style.overflowY));
    if (more && !box.hasAttribute("tabindex")) { box.tabIndex = 0; box.dataset.reach = ""; }
    else if (!more && "reach" in box.dataset) { box.removeAttribute("tabindex"); delete box.dataset.reach; }
  }
  document.addEventListener("DOMContentLoaded", function () {
    var watch = new ResizeObserver(function (seen) { seen.forEach(function (entry) { stop(entry.target); }); });
    document.querySelectorAll(boxes).forEach(function (box) { watch.observe(box); });
  });
})();
