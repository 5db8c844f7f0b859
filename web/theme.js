// The chosen theme, before the first paint: a classic script, which holds the page back as a module would not.
// Nothing chosen means that the system decides, in style.css.
(function () {
	try {
		const theme = localStorage.getItem("imagecat.theme");
		if (theme === "light" || theme === "dark")
			document.documentElement.dataset.theme = theme;
	} catch {
		// A browser that forbids storage shows the system's theme.
	}
})();
