function a(o){console.log("about",o),o.append(" from a small shop")}export{a as about};
//# sourceMappingURL=about-Bxv2X-LH.js.map
