/* Asks for vector tiles. What several layers want of one place in the same moment comes in one answer (tiles
   add up: the server puts one after the other), for a question costs more than most tiles. */
(function (webmap) {
  "use strict";

  const groups = new Map(); // address without layers -> what is gathered until the running script ends

  /* Return the features by name, of this layer and perhaps of others; rejects as fetch does, or with a status. */
  webmap.askTile = async (url, layer, signal) => {
    const [before, after] = url.split(`/tiles/${layer}/`), place = `${before} ${after}`;
    const group = groups.get(place) || open(place, (names) => `${before}/tiles/${names}/${after}`);
    group.names.push(layer);
    signal.addEventListener("abort", () => { if (!--group.wanted) group.control.abort(); });
    group.wanted++;
    try {
      return await group.answer;
    } catch (error) {
      // Each for itself: what is missing can be named, and what is not comes all the same.
      if (group.names.length === 1 || signal.aborted) throw error;
      return load(url, signal);
    }
  };

  function open(place, address) {
    const group = { names: [], wanted: 0, control: new AbortController() };
    group.answer = Promise.resolve().then(() => {
      groups.delete(place);
      return load(address(group.names), group.control.signal);
    });
    groups.set(place, group);
    return group;
  }

  async function load(url, signal) {
    const answer = await fetch(url, { signal });
    if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
    webmap.check?.(answer); // the page's own: whom was it made for
    return answer.status === 204 ? {} : webmap.decode(await answer.arrayBuffer());
  }
})(window.webmap);
