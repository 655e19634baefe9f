function a(o){o.append(" from a small shop")}export{a as about};
