// A view's question: asked when the view appears, again when the question or the catalog changes, and given up with it.
import { useEffect, useState } from "./hooks.js";
import { Problem } from "./api.js";
import { tick } from "./live.js";

const nothing = { value: undefined, problem: undefined, at: 0, key: undefined };

/*
 * `load(signal, known)` is asked anew when `key` or the catalog changes; `known` is what it gave last for the same key. The
 * last value stays while the next is on its way, and when that fails: then `problem` stands beside it. `paused` keeps
 * what is there. A question that is under way when the catalog changes is let finish, and asked once more.
 */
export function useAnswer(key, load, { paused = false } = {}) {
	const [state, set] = useState(nothing);

	useEffect(() => {
		const abort = new AbortController();
		let known = state.key === key ? state.value : undefined;
		let asking = false, again = false;

		async function askOnce() {
			try {
				known = await load(abort.signal, known);
				if (!abort.signal.aborted)
					set({ value: known, key, at: Date.now() });
			} catch (error) {
				if (!abort.signal.aborted)
					set((old) => ({ at: old.at, value: known, key, problem: asProblem(error) }));
			}
		}

		async function ask() {
			again = true;
			if (asking)
				return;
			for (asking = true; again && !abort.signal.aborted;) {
				again = false;
				await askOnce();
			}
			asking = false;
		}

		if (paused && state.key === key)
			return;
		ask();
		const leave = paused ? () => {} : tick.subscribe(ask);
		return () => {
			leave();
			abort.abort();
		};
	}, [key, paused]);
	return { ...state, busy: state.key !== key };
}

// A mistake of ours must be seen as well, and not as a daemon that does not answer.
export function asProblem(error) {
	if (error instanceof Problem)
		return error;
	console.error(error);
	return new Problem(-1, String(error));
}
