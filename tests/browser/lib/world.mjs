// The simulator and a daemon that polls it, on free ports, in a directory of their own.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const template = new URL("../../../docs/demo.yaml.in", import.meta.url);
const TOKEN = "a-token-of-the-browser-tests-2718281828";
const PATIENCE_MS = 60000;

// Until what() gives something: asked again and again, since nobody tells that it came true.
export async function until(what, sentence) {
	const end = Date.now() + PATIENCE_MS;
	for (;;) {
		const found = await what();
		if (found)
			return found;
		if (Date.now() > end)
			throw new Error(`never came true: ${sentence}`);
		await new Promise((resume) => setTimeout(resume, 20));
	}
}

// The first match in what the program says; everything it says is kept in `said`.
function start(program, options, stream, pattern) {
	const child = spawn(program, options, { stdio: ["ignore", "pipe", "pipe"] });
	const said = [];
	const ready = new Promise((resume, refuse) => {
		setTimeout(() => refuse(new Error(`${program} said nothing of ${pattern}`)), PATIENCE_MS).unref();
		child.on("exit", () => refuse(new Error(`${program} ended:\n${said.join("\n")}`)));
		child.on("error", refuse);
		for (const name of ["stdout", "stderr"])
			createInterface({ input: child[name] }).on("line", (line) => {
				said.push(line);
				const match = name === stream && pattern.exec(line);
				if (match)
					resume(match[1]);
			});
	});
	return { child, ready, said };
}

async function stop(program) {
	if (program.child.exitCode === null && program.child.signalCode === null) {
		const ended = once(program.child, "exit");
		program.child.kill("SIGTERM");
		program.child.kill("SIGCONT"); // one that is frozen hears nothing else
		await ended;
	}
}

// Polls only when poll() asks for it, unless `interval` says otherwise. `churn` as the simulator's --churn.
export class World {
	static async start(build, { images = 600, seed = 7, churn, interval = "1h", http = {} } = {}) {
		const world = new World();
		Object.assign(world, { build, interval });
		world.path = mkdtempSync(join(tmpdir(), "imagecat-browser-"));
		try {
			const options = ["--listen", "127.0.0.1:0", "--seed", `${seed}`, "--images", `${images}`];
			world.simulator = start(resolve(build, "imagecat-sim"), churn ? [...options, "--churn", churn] : options,
				"stdout", /(http:\/\/\S+)$/);
			world.sim_url = await world.simulator.ready;
			world.configure("127.0.0.1:0", http);
			await world.serve();
			await world.polled();
		} catch (error) {
			await world.stop();
			throw error;
		}
		return world;
	}

	configure(listen, http = {}) {
		this.config = join(this.path, "imagecat.yaml");
		const token = join(this.path, "token");
		writeFileSync(token, TOKEN + "\n", { mode: 0o600 });
		const text = readFileSync(template, "utf8").replaceAll("@URL@", this.sim_url).replaceAll("@STATE@", this.path)
			.replaceAll("@LISTEN@", listen)
			.replace(/interval: .*/, `interval: ${this.interval}`);
		const more = Object.entries({ token_file: token, ...http }).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`);
		writeFileSync(this.config, text.replace("http:\n", (section) => section + more.join("")), { mode: 0o600 });
	}

	async serve() {
		this.daemon = start(resolve(this.build, "imagecatd"), ["--config", this.config], "stderr", /HTTP is served.*listen=(\S+)/);
		this.url = `http://${await this.daemon.ready}`;
	}

	async api(path) {
		const reply = await fetch(this.url + path);
		if (!reply.ok)
			throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
		return reply.json();
	}

	listings() {
		return this.api("/api/v1/listings?limit=1000").then(({ items }) => items);
	}

	async polled() {
		await until(async () => {
			const listings = await this.listings();
			return listings.length > 0 && listings.every((listing) => listing.last_attempt_at !== null);
		}, "every listing is polled");
	}

	// Every listing once more; returns when the last of these polls has ended.
	async poll() {
		const newest = async () => (await this.api("/api/v1/polls?limit=1")).items[0]?.poll_id ?? 0;
		const before = await newest();
		const reply = await fetch(`${this.url}/-/poll`, { method: "POST", headers: { authorization: `Bearer ${TOKEN}` } });
		const { due, running } = await reply.json();
		await until(async () => await newest() >= before + due + running, "every listing is polled once more");
	}

	// A command of the simulator: sim("add", { segment: "uhost/hk/platform", count: 3 }).
	async sim(command, parameters = {}) {
		const reply = await fetch(`${this.sim_url}/_sim/${command}?${new URLSearchParams(parameters)}`, { method: "POST" });
		if (!reply.ok)
			throw new Error(`the simulator on ${command}: ${await reply.text()}`);
	}

	stop_daemon() {
		return stop(this.daemon);
	}

	// It hangs, as on a disk that does not answer; its sockets stay open.
	freeze_daemon() {
		this.daemon.child.kill("SIGSTOP");
	}

	thaw_daemon() {
		this.daemon.child.kill("SIGCONT");
	}

	// The catalog forgets all changes but the newest `keep`; only while no daemon runs.
	prune(keep) {
		this.sql(`DELETE FROM _changes WHERE seq <= (SELECT max(seq) FROM _changes) - ${keep}`);
	}

	sql(text) {
		execFileSync("sqlite3", [join(this.path, "catalog.db"), text]);
	}

	// Where it was: on the same port.
	start_daemon() {
		this.configure(new URL(this.url).host);
		return this.serve();
	}

	async stop() {
		for (const program of [this.daemon, this.simulator])
			if (program)
				await stop(program);
		rmSync(this.path, { recursive: true, force: true });
	}
}
