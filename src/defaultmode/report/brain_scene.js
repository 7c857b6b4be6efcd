"use strict";
// The glass brain as WebGL2 draws it: a surface, edges as ribbons, regions as marks. No page here.
(() => {
  const defaultmode = (globalThis.defaultmode ??= {});
  const CENTRE_MM = [0, -18, 14];
  const REACH_MM = 88; // from the centre to the frontal pole, about
  const EYE_MM = 700; // how far away the eye is: a little perspective

  const PLACED = `#version 300 es
precision highp float;
uniform mat3 turn;
uniform vec2 scale, half_px;
uniform float density;
vec4 placed(vec3 mm) {
  vec3 seen = turn * (mm - vec3(${CENTRE_MM.map((c) => c.toFixed(1))}));
  float w = 1.0 - seen.z / ${EYE_MM.toFixed(1)};
  return vec4(seen.xy * scale, -seen.z / 200.0 * w, w);
}
float near(vec4 place) { return clamp(0.5 - place.z / place.w, 0.0, 1.0); }
`;
  const DRAWN = `#version 300 es
precision highp float;
out vec4 colour;
`;
  const GLASS = [
    `in vec3 vertex, normal;
out vec3 facing;
void main() { facing = turn * normal; gl_Position = placed(vertex); }`,
    `in vec3 facing;
uniform vec4 tint;
void main() {
  float slant = 1.0 - clamp(normalize(facing).z, 0.0, 1.0);
  float outline = 1.0 - smoothstep(0.9, 1.0, slant); // soft, so that nothing is drawn four times
  float alpha = tint.a * (0.08 + slant * slant) * (0.35 + 0.65 * outline);
  colour = vec4(tint.rgb * alpha, alpha);
}`,
  ];
  const RIBBON = [
    `in vec3 first, second;
in vec4 stroke;
in float width, dashed;
out vec4 ink;
out float across, along, dash;
void main() {
  vec4 a = placed(first), b = placed(second), here = gl_VertexID < 2 ? a : b;
  vec2 run = (b.xy / b.w - a.xy / a.w) * half_px;
  float reach = max(length(run), 0.001);
  across = gl_VertexID % 2 == 0 ? -1.0 : 1.0;
  along = gl_VertexID < 2 ? 0.0 : reach / density;
  dash = dashed;
  float thick = (width * density + 1.0) / 2.0;
  here.xy += vec2(-run.y, run.x) / reach * across * thick / half_px * here.w;
  ink = vec4(stroke.rgb, stroke.a * (0.45 + 0.55 * near(here)));
  gl_Position = here;
}`,
    `in vec4 ink;
in float across, along, dash;
void main() {
  float edge = 1.0 - smoothstep(1.0 - 1.5 * fwidth(across), 1.0, abs(across));
  float gap = dash * step(0.6, fract(along / 9.0));
  float alpha = ink.a * edge * (1.0 - gap);
  colour = vec4(ink.rgb * alpha, alpha);
}`,
  ];
  const MARK = [
    `in vec3 place;
in vec3 fill;
in float shape, size, chosen;
out vec3 body;
flat out float kind, picked;
void main() {
  gl_Position = placed(place);
  gl_PointSize = size * density * (0.8 + 0.4 * near(gl_Position));
  body = mix(fill, vec3(0.5), 0.35 * (1.0 - near(gl_Position)));
  kind = shape;
  picked = chosen;
}`,
    `in vec3 body;
flat in float kind, picked;
uniform vec3 rim;
void main() {
  vec2 u = gl_PointCoord * 2.0 - 1.0, s = abs(u);
  float circle = length(u) - 0.85, square = max(s.x, s.y) - 0.72;
  float triangle = max(u.y - 0.1, s.x * 0.866 - (u.y - 0.1) * 0.5) - 0.45;
  float outside = kind < 0.5 ? circle : kind < 1.5 ? square : triangle;
  float soft = fwidth(outside);
  float inside = 1.0 - smoothstep(-soft, 0.0, outside);
  if (inside < 0.02) discard;
  float border = picked > 0.5 ? 0.3 : 0.15;
  vec3 shown = mix(rim, body, 1.0 - smoothstep(-border - soft, -border, outside));
  colour = vec4(shown * inside, inside);
}`,
  ];

  const compiled = (gl, [vertex, fragment]) => {
    const program = gl.createProgram();
    for (const [type, text] of [
      [gl.VERTEX_SHADER, PLACED + vertex],
      [gl.FRAGMENT_SHADER, DRAWN + fragment],
    ]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(program));
    }
    return program;
  };

  // One kind of thing: a program, its numbers, and how to set one of them or draw it.
  const layer = (gl, sources, each = 0) => {
    const program = compiled(gl, sources);
    const array = gl.createVertexArray();
    const buffers = {};
    const set = (name, numbers, size) => {
      gl.bindVertexArray(array);
      gl.bindBuffer(gl.ARRAY_BUFFER, (buffers[name] ??= gl.createBuffer()));
      gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.DYNAMIC_DRAW);
      const at = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
      gl.vertexAttribDivisor(at, each);
    };
    const use = (camera) => {
      const at = (name) => gl.getUniformLocation(program, name);
      gl.useProgram(program);
      gl.bindVertexArray(array);
      gl.uniformMatrix3fv(at("turn"), false, camera.turn);
      gl.uniform2fv(at("scale"), camera.scale);
      gl.uniform2fv(at("half_px"), camera.half_px);
      gl.uniform1f(at("density"), camera.density);
      return at;
    };
    return { set, use };
  };

  const normals = (vertices, faces) => {
    const sums = new Float32Array(vertices.length);
    for (let i = 0; i < faces.length; i += 3) {
      const [a, b, c] = [3 * faces[i], 3 * faces[i + 1], 3 * faces[i + 2]];
      const u = [0, 1, 2].map((k) => vertices[b + k] - vertices[a + k]);
      const v = [0, 1, 2].map((k) => vertices[c + k] - vertices[a + k]);
      const up = [0, 1, 2].map((k) => u[(k + 1) % 3] * v[(k + 2) % 3] - u[(k + 2) % 3] * v[(k + 1) % 3]);
      for (const corner of [a, b, c]) for (const k of [0, 1, 2]) sums[corner + k] += up[k];
    }
    return sums;
  };

  // Where the eye is, in degrees: azimuth from the right ear towards the nose, elevation upwards.
  const cameraOf = (canvas, { azimuth, elevation, zoom, density }) => {
    const [a, e] = [azimuth, elevation].map((degrees) => (degrees * Math.PI) / 180);
    const right = [-Math.sin(a), Math.cos(a), 0];
    const up = [-Math.cos(a) * Math.sin(e), -Math.sin(a) * Math.sin(e), Math.cos(e)];
    const towards = [Math.cos(a) * Math.cos(e), Math.sin(a) * Math.cos(e), Math.sin(e)];
    const half_px = [canvas.width / 2, canvas.height / 2];
    const px_per_mm = (zoom * Math.min(...half_px)) / REACH_MM;
    const turn = [0, 1, 2].flatMap((k) => [right[k], up[k], towards[k]]); // by column
    return { turn, half_px, density, px_per_mm, scale: half_px.map((half) => px_per_mm / half) };
  };

  // Pixels of the canvas where a point in mm is seen, and how near it is.
  const seenAt = ({ turn, half_px, px_per_mm }, mm) => {
    const from = mm.map((value, k) => value - CENTRE_MM[k]);
    const [x, y, z] = [0, 1, 2].map((row) => turn[row] * from[0] + turn[3 + row] * from[1] + turn[6 + row] * from[2]);
    const scale = px_per_mm / (1 - z / EYE_MM);
    return [half_px[0] + x * scale, half_px[1] - y * scale, z];
  };

  const scene = (gl, { vertices, faces }) => {
    const [glass, ribbons, marks] = [layer(gl, GLASS), layer(gl, RIBBON, 1), layer(gl, MARK)];
    const count = { faces: faces.length, ribbons: 0, marks: 0 };
    glass.set("vertex", vertices, 3);
    glass.set("normal", normals(vertices, faces), 3);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, faces, gl.STATIC_DRAW);

    const setEdges = ({ first, second, stroke, width, dashed }) => {
      ribbons.set("first", first, 3);
      ribbons.set("second", second, 3);
      ribbons.set("stroke", stroke, 4);
      ribbons.set("width", width, 1);
      ribbons.set("dashed", dashed, 1);
      count.ribbons = width.length;
    };
    const setRegions = ({ place, fill, shape, size, chosen }) => {
      marks.set("place", place, 3);
      marks.set("fill", fill, 3);
      marks.set("shape", shape, 1);
      marks.set("size", size, 1);
      marks.set("chosen", chosen, 1);
      count.marks = size.length;
    };
    const draw = (camera, { tint, rim }) => {
      gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.disable(gl.DEPTH_TEST);
      gl.enable(gl.CULL_FACE);
      gl.uniform4fv(glass.use(camera)("tint"), tint);
      gl.drawElements(gl.TRIANGLES, count.faces, gl.UNSIGNED_SHORT, 0);
      gl.disable(gl.CULL_FACE);
      ribbons.use(camera);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count.ribbons);
      gl.enable(gl.DEPTH_TEST);
      gl.uniform3fv(marks.use(camera)("rim"), rim);
      gl.drawArrays(gl.POINTS, 0, count.marks);
    };
    return { setEdges, setRegions, draw };
  };

  Object.assign(defaultmode, { scene, cameraOf, seenAt });
})();
