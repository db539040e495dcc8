import assert from "node:assert/strict";
import { test } from "node:test";
import { arrivals, isSame, restored, toSend } from "../../webmap/static/src/inspections/merging.js";

const none = () => false;

test("a field in conflict is sent as the server has it until somebody chooses", () => {
  const written = { note: "của tôi", people: "An" };
  assert.deepEqual(toSend(written, { note: "của họ" }, ["note"]), { note: "của họ", people: "An" });
  assert.deepEqual(toSend(written, {}, ["note"]), { people: "An" });
  assert.deepEqual(toSend(written, { note: "của họ" }, []), written);
  assert.deepEqual(written, { note: "của tôi", people: "An" });
});

test("what others wrote comes into fields that nobody touched here", () => {
  const sent = { note: "một" };
  assert.deepEqual(arrivals({ told: { note: "một", people: "Bình" }, sent, now: sent, held: none }), {
    people: "Bình",
  });
  assert.deepEqual(arrivals({ told: {}, sent, now: sent, held: none }), { note: "" });
});

test("what was written while a save was under way stays", () => {
  const sent = { note: "một" };
  const now = { note: "một hai", people: "An" };
  assert.deepEqual(arrivals({ told: { note: "khác", people: "Bình" }, sent, now, held: none }), {});
});

test("a held field is never overwritten", () => {
  const sent = { note: "của họ" };
  assert.deepEqual(arrivals({ told: { note: "mới" }, sent, now: sent, held: (name) => name === "note" }), {});
});

test("any two people's words: each field is what was written here, or what came, and never lost", () => {
  const values = ["", "a", "b"];
  for (const before of values) {
    for (const here of values) {
      for (const there of values) {
        const sent = before ? { note: before } : {};
        const now = here ? { note: here } : {};
        const told = there ? { note: there } : {};
        const shown = { ...now, ...arrivals({ told, sent, now, held: none }) }.note || "";
        assert.equal(shown, here === before ? there : here);
      }
    }
  }
});

test("what a phone kept comes back, emptied fields too; what is new on the server stays", () => {
  const kept = { base: { note: "cũ", people: "An" }, content: { people: "An, Bình" } };
  assert.deepEqual(restored(kept, { note: "cũ", people: "An", leader: "Chi" }), { note: "", people: "An, Bình" });
});

test("contents are the same in whatever order they are written, and an empty field is none", () => {
  assert.ok(isSame({ note: "một", people: "An" }, { people: "An", note: "một", leader: "" }));
  assert.ok(!isSame({ note: "một" }, { note: "một", people: "An" }));
  assert.ok(!isSame({ note: "một" }, { note: "hai" }));
});
