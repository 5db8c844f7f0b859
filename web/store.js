// What outlives a view and is shown by several: a value, and who wants to know when it changes.
import { useEffect, useState } from "./hooks.js";

export function store(value) {
	const listeners = new Set();

	return {
		get: () => value,
		set(next) {
			if (Object.is(value, next))
				return;
			value = next;
			for (const listener of [...listeners])
				listener(value);
		},
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
	};
}

export function useStore(from) {
	const [value, set] = useState(from.get());

	useEffect(() => {
		set(from.get()); // it may have changed between the first rendering and now
		return from.subscribe((next) => set(next));
	}, [from]);
	return value;
}

// What the viewer chose, kept in the browser where that is allowed.
export const remembered = {
	get(name) {
		try {
			return localStorage.getItem(`imagecat.${name}`);
		} catch {
			return null;
		}
	},
	set(name, value) {
		try {
			localStorage.setItem(`imagecat.${name}`, value);
		} catch {
			// Then it holds until the page is closed.
		}
	},
};
