"""intproxy-wire as people and scripts use it: arguments, pipes, exit codes. What messages look like is tested in
tests/test_wire_forms.c; the tap has test_tap.py."""
import glob
import json
import os
import pty
import subprocess
import unittest

from daemon import PROGRAM

WIRE = os.path.abspath(os.environ.get("INTPROXY_WIRE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-wire"))
SESSIONS = os.path.join(os.path.dirname(__file__), "../data/sessions")
VECTORS = os.path.join(os.path.dirname(__file__), "../data/vectors")
HELLO = "020107" + "05" + b"hello".hex()
HELLO_TEXT = 'agent TcpSteal(Data{connection_id: 7, bytes: "hello"})\n'


def run(*arguments, given=b"", status=0):
    """Output and errors, as text."""
    given = given.encode() if isinstance(given, str) else given
    done = subprocess.run([WIRE, *arguments], input=given, capture_output=True, timeout=60)
    out, errors = done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode()
    if done.returncode != status:
        raise AssertionError(f"exit {done.returncode}, not {status}: {errors}")
    return out, errors


def on_a_terminal(*arguments, **environment):
    """What it writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([WIRE, *arguments], stdin=subprocess.DEVNULL, stdout=theirs,
                          env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment}):
        os.close(theirs)
        out = b""
        try:
            while piece := os.read(ours, 4096):
                out += piece
        except OSError:  # EIO: the other end is closed
            pass
    os.close(ours)
    return out


def columns(name):
    with open(os.path.join(VECTORS, name)) as file:
        return [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]


class Decode(unittest.TestCase):
    def test_digits_files_and_standard_input(self):
        self.assertEqual(run("decode", "--from", "agent", HELLO)[0], HELLO_TEXT)
        self.assertEqual(run("decode", given=f"agent\t{HELLO}\n")[0], HELLO_TEXT)
        self.assertEqual(run("decode", given=f"12 < {HELLO}\n")[0], HELLO_TEXT)
        self.assertEqual(run("decode", "--from=agent", given=bytes.fromhex(HELLO))[0], HELLO_TEXT)
        self.assertEqual(run("decode", "--from=agent", "--raw", given=bytes.fromhex("07"))[0], "agent Pong\n")

    def test_a_stream_in_pieces(self):
        lines = "".join(f"agent {HELLO[i:i + 2]}\n" for i in range(0, len(HELLO), 2)) * 3
        self.assertEqual(run("decode", given=lines)[0], HELLO_TEXT * 3)

    def test_what_is_shown_comes_at_once(self):
        wire = subprocess.Popen([WIRE, "decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3):
            wire.stdin.write(f"agent {HELLO}\n".encode())
            wire.stdin.flush()
            self.assertEqual(wire.stdout.readline().decode(), HELLO_TEXT)
        wire.stdin.close()
        self.assertEqual(wire.wait(10), 0)
        wire.stdout.close()

    def test_json_lines(self):
        out = run("decode", "--json", given=f"agent {HELLO}07\n")[0].splitlines()
        self.assertEqual(json.loads(out[0]), {"from": "agent", "offset": 0, "size": 9, "message": {
            "TcpSteal": {"Data": {"connection_id": 7, "bytes": "hello"}}}})
        self.assertEqual(json.loads(out[1]), {"from": "agent", "offset": 9, "size": 1, "message": "Pong"})

    def test_bad_bytes_say_where(self):
        out, errors = run("decode", "--from", "agent", HELLO + "ff", status=65)
        self.assertEqual(out, HELLO_TEXT)
        self.assertIn("agent, byte 10 (message 2, its byte 1)", errors)

    def test_an_unknown_variant_names_a_version(self):
        self.assertIn("perhaps of a version after 1.29.0", run("decode", "--from", "agent", "63", status=65)[1])
        self.assertIn("came with version 1.28.0, and this is 1.27.0",
                      run("decode", "--from", "agent", "--version", "1.27.0", "020301" + "0d00000161", status=65)[1])

    def test_a_cut_stream_says_so(self):
        self.assertIn("in the middle of message 1", run("decode", "--from", "agent", HELLO[:-2], status=65)[1])

    def test_a_limit(self):
        self.assertIn("--message-max", run("decode", "--from", "client", "--message-max", "4",
                                           "0a06" + b"1.29.0".hex(), status=65)[1])

    def test_mistakes(self):
        self.assertIn("who speaks?", run("decode", HELLO, status=65)[1])
        self.assertIn("neither agent nor client", run("decode", "--from", "me", "07", status=2)[1])
        self.assertIn("no such option, did you mean --bytes", run("decode", "--byte", status=2)[1])
        self.assertIn("No such file", run("decode", "--from", "agent", "/nowhere/x.bin", status=74)[1])
        self.assertIn("line 3: not hexadecimal", run("decode", given="agent 07\nagent 07\nagent 0x\n", status=65)[1])

    def test_colours_are_for_terminals(self):
        self.assertNotIn("\033", run("decode", "--bytes", "--from", "agent", HELLO)[0])
        self.assertIn(b"\033[", on_a_terminal("decode", "--bytes", "--from", "agent", HELLO))
        self.assertNotIn(b"\033[", on_a_terminal("decode", "--bytes", "--from", "agent", HELLO, NO_COLOR="1"))


class Recorded(unittest.TestCase):
    def test_every_session_is_read_and_written_again(self):
        """Those whose names begin with bad- or version-invalid are refused where the agents refused them."""
        whole = 0
        for path in sorted(glob.glob(os.path.join(SESSIONS, "*/*.txt"))):
            done = subprocess.run([WIRE, "decode", path], capture_output=True, text=True, timeout=60)
            name = os.path.basename(path)
            if name.startswith(("bad-", "version-invalid")):
                continue
            self.assertIn(done.returncode, (0, 65), path)
            if done.returncode:
                self.assertNotIn("not hexadecimal", done.stderr, path)
                continue
            again = run("decode", given=run("encode", given=done.stdout)[0])[0]
            self.assertEqual(again, done.stdout, path)
            whole += 1
        self.assertGreater(whole, 500)


class Encode(unittest.TestCase):
    def test_text_and_json(self):
        self.assertEqual(run("encode", given=HELLO_TEXT)[0], f"agent\t{HELLO}\n")
        self.assertEqual(run("encode", "--from", "agent", "--raw", given='"Pong"')[0], "\x07")
        self.assertEqual(run("encode", given='{"from":"client","message":"Ping"}')[0], "client\t07\n")

    def test_random_messages_come_back(self):
        hexes = run("gen", "--seed", "3", "--count", "500", "--hex")[0]
        self.assertEqual(run("encode", given=run("decode", given=hexes)[0])[0], hexes)
        self.assertEqual(run("encode", given=run("decode", "--json", given=hexes)[0])[0], hexes)

    def test_mistakes_say_line_and_column(self):
        self.assertIn("line 2: column 7: ", run("encode", given="# a remark\nagent Pang\n", status=65)[1])
        self.assertIn("who speaks?", run("encode", given="Pong\n", status=65)[1])
        self.assertIn("line 1: column ", run("encode", "--from", "agent", given='{"Tcp":\n', status=65)[1])


class Verdict(unittest.TestCase):
    def test_the_vectors(self):
        cases = columns("decode-cases.tsv")
        out = run("verdict", given="".join(f"{c[0]}\t{c[3]}\n" for c in cases))[0].splitlines()
        self.assertEqual(len(out), len(cases))
        for case, line in zip(cases, out):
            wanted = "\t".join(["ok", case[2], case[4]]) if case[1] == "ok" else case[1]
            self.assertEqual(line, wanted, case)

    def test_a_line_that_is_none(self):
        self.assertIn("line 2", run("verdict", given="agent\t07\nagent 07\n", status=65)[1])


class Others(unittest.TestCase):
    def test_check(self):
        self.assertIn("4000 met, 0 not", run("check")[0])

    def test_versions(self):
        one = run("versions", "1.8.0")[0]
        self.assertIn("HTTP responses sent in parts (1.8.1)", one)
        self.assertIn("LayerTcpSteal::HttpResponseChunked", one)
        self.assertNotIn("HTTP requests that arrive in parts", one)
        self.assertIn("1.19.0", run("versions", "1.8.1..1.19.4")[0])
        self.assertEqual(sum(line[0] != " " for line in run("versions")[0].splitlines()), 86)
        self.assertIn("the older version comes first", run("versions", "1.9.0..1.8.0", status=2)[1])

    def test_gen_is_a_function_of_its_seed(self):
        self.assertEqual(run("gen", "--seed", "1")[0], run("gen", "--seed", "1")[0])
        self.assertNotEqual(run("gen", "--seed", "1")[0], run("gen", "--seed", "2")[0])
        old = run("gen", "--seed", "1", "--version", "1.2.0", "--count", "300", "--hex")[0]
        self.assertEqual(run("decode", "--version", "1.2.0", given=old)[0].count("\n"), 300)

    def test_help(self):
        self.assertIn("tap", run("--help")[0])
        for command in ("decode", "encode", "verdict", "tap", "versions", "gen", "check"):
            self.assertIn("exit status", run(command, "--help")[0])
        run(status=2)
        self.assertIn("no command", run("show", status=2)[1])

    def test_a_pipe_that_closes(self):
        wire = subprocess.Popen([WIRE, "gen", "--count", "1000000", "--seed", "1"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        wire.stdout.readline()
        wire.stdout.close()
        self.assertEqual((wire.wait(20), wire.stderr.read()), (0, b""))
        wire.stderr.close()

    def test_a_full_disk(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([WIRE, "gen", "--seed", "1"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 74)
        self.assertIn("No space left", done.stderr)
